package profile

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"sync"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/sketch"
)

// maxRowHashes is up to how many different rows duplicates are counted exactly.
const maxRowHashes = 1 << 16

// rowHashes counts different rows by a hash of their content: all of them, or, of more than
// maxRowHashes, those of the smallest hashes. That is a sample of the different rows that
// does not depend on their order.
type rowHashes struct {
	Limit  uint64   // hashes above it are not counted
	Hashes []uint64 // ascending
	Counts []uint32

	pending []uint64
}

func (r *rowHashes) add(hashes []uint64) {
	for _, h := range hashes {
		h = mix(h) // fold alone leaves whole numbers on a lattice, and their smallest hashes no random sample
		if h <= r.Limit {
			r.pending = append(r.pending, h)
		}
	}
	if len(r.pending) >= 2*maxRowHashes {
		r.flush()
	}
}

// hashRoom is memory for hashes and their counts.
type hashRoom struct {
	hashes []uint64
	counts []uint32
}

// hashRooms are those that hold nothing that is needed: every block leaves some.
var hashRooms = sync.Pool{New: func() any { return new(hashRoom) }}

// flush counts the pending hashes.
func (r *rowHashes) flush() {
	sortHashes(r.pending)
	room := hashRooms.Get().(*hashRoom)
	defer hashRooms.Put(room)
	hashes, counts := r.pending[:0], slices.Grow(room.counts[:0], len(r.pending))
	for _, h := range r.pending {
		if n := len(hashes); n > 0 && hashes[n-1] == h {
			counts[n-1]++
			continue
		}
		hashes, counts = append(hashes, h), append(counts, 1)
	}
	r.count(hashes, counts)
	r.pending, room.counts = r.pending[:0], counts
}

// hashPlaces are the buckets that hashes are dealt into before they are sorted.
const hashPlaces = 1 << 14

// sortHashes sorts hashes, which are spread evenly below the greatest: dealt into places by their
// leading bits, few share one, and insertion puts those in order.
func sortHashes(hashes []uint64) {
	if len(hashes) < hashPlaces/16 {
		slices.Sort(hashes)
		return
	}
	shift := max(0, bits.Len64(slices.Max(hashes))-bits.Len(hashPlaces-1))
	var next [hashPlaces]uint32
	for _, h := range hashes {
		next[h>>shift]++
	}
	start := uint32(0)
	for i, n := range next {
		next[i] = start
		start += n
	}
	room := hashRooms.Get().(*hashRoom)
	defer hashRooms.Put(room)
	room.hashes = append(room.hashes[:0], hashes...)
	for _, h := range room.hashes {
		slot := &next[h>>shift]
		hashes[*slot] = h
		*slot++
	}
	start = 0
	for _, end := range next {
		slices.Sort(hashes[start:end]) // of up to twelve by insertion; of copies of a row in one pass
		start = end
	}
}

// count merges ascending hashes with their counts.
func (r *rowHashes) count(hashes []uint64, counts []uint32) {
	if len(hashes) == 0 {
		return
	}
	room := hashRooms.Get().(*hashRoom)
	defer hashRooms.Put(room)
	most := min(len(r.Hashes)+len(hashes), maxRowHashes+1)
	all, sums := slices.Grow(room.hashes[:0], most), slices.Grow(room.counts[:0], most)
	for i, j := 0, 0; (i < len(r.Hashes) || j < len(hashes)) && len(all) <= maxRowHashes; {
		switch {
		case j == len(hashes) || i < len(r.Hashes) && r.Hashes[i] < hashes[j]:
			all, sums = append(all, r.Hashes[i]), append(sums, r.Counts[i])
			i++
		case i == len(r.Hashes) || hashes[j] < r.Hashes[i]:
			all, sums = append(all, hashes[j]), append(sums, counts[j])
			j++
		default:
			all, sums = append(all, hashes[j]), append(sums, r.Counts[i]+counts[j])
			i++
			j++
		}
	}
	room.hashes, room.counts = r.Hashes, r.Counts
	r.Hashes, r.Counts = all, sums
	if len(all) > maxRowHashes {
		r.Limit = min(r.Limit, all[maxRowHashes]-1)
	}
	r.cut()
}

// cut drops what is above the limit.
func (r *rowHashes) cut() {
	n, _ := slices.BinarySearch(r.Hashes, r.Limit)
	if n < len(r.Hashes) && r.Hashes[n] == r.Limit {
		n++
	}
	r.Hashes, r.Counts = r.Hashes[:n], r.Counts[:n]
}

// merge adds the rows of o, of which none are pending, and leaves it with none.
func (r *rowHashes) merge(o *rowHashes) {
	r.Limit = min(r.Limit, o.Limit)
	n, _ := slices.BinarySearch(o.Hashes, r.Limit+1)
	if r.Limit == math.MaxUint64 {
		n = len(o.Hashes)
	}
	r.count(o.Hashes[:n], o.Counts[:n])
	r.cut()
	hashRooms.Put(&hashRoom{o.Hashes, o.Counts})
	*o = rowHashes{Limit: o.Limit}
}

// duplicates counts the rows that repeat another one.
func (r *rowHashes) duplicates() *Duplicates {
	repeats, squares := 0.0, 0.0
	for _, n := range r.Counts {
		repeats += float64(n - 1)
		squares += float64(float64(n-1) * float64(n-1))
	}
	if r.Limit == math.MaxUint64 {
		return &Duplicates{Rows: int(repeats)}
	}
	squares = max(squares, 1) // no repeat among the sampled rows is not none among all
	share := math.Ldexp(float64(r.Limit), -64)
	return &Duplicates{
		Rows:  int(math.Round(repeats / share)),
		Error: math.Sqrt(float64(squares*(1-share))) / share,
	}
}

const (
	maxSampleRows  = 1 << 14
	maxSampleCells = 1 << 21 // so that a sample of wide data fits into 20 MB
)

// sampleRows is how many rows of so many columns are sampled.
func sampleRows(columns int) int {
	return max(256, min(maxSampleRows, maxSampleCells/max(columns, 1)))
}

// rowSample is rows drawn at random: those of the smallest keys, which are made from where
// the rows lie. It is for what no column tells alone.
type rowSample struct {
	Rows    int // how many are wanted
	Keys    []uint64
	Columns []cells

	limit *ceiling
}

// cells are values of one column: a number or the hash of a text, and which of them.
type cells struct {
	Bits  []uint64
	Kinds []byte
}

// The kinds of cells.
const (
	missingCell = byte(iota)
	numberCell
	momentCell
	booleanCell
	textCell
)

func newRowSample(columns int, limit *ceiling) *rowSample {
	return &rowSample{Rows: sampleRows(columns), Columns: make([]cells, columns), limit: limit}
}

// freeCells are those of samples that were merged into others: every block has some.
var freeCells sync.Pool

// room is a column with room for n more cells.
func (s *rowSample) room(column, n int) *cells {
	c := &s.Columns[column]
	if c.Bits == nil && n > 0 {
		if free, ok := freeCells.Get().(*cells); ok {
			c.Bits, c.Kinds = free.Bits[:0], free.Kinds[:0]
		}
	}
	if need := len(c.Bits) + n; need > cap(c.Bits) || need > cap(c.Kinds) {
		// Twice as many, up to what shrink leaves: append alone, by a quarter, copies each cell
		// four times. Of data that is not small, all of it at once.
		most := s.most() + n
		size := min(2*need, most)
		if len(c.Bits) >= s.Rows/8 {
			size = most
		}
		if s.wide() { // what is too much is so thousands of times
			size = min(size, max(need, s.Rows))
		}
		size = max(size, need)
		c.Bits, c.Kinds = append(make([]uint64, 0, size), c.Bits...), append(make([]byte, 0, size), c.Kinds...)
	}
	return c
}

// choose returns which of the rows with these keys are wanted, and keeps their keys.
func (s *rowSample) choose(keys []uint64, rows []int32) []int32 {
	limit := s.limit.Load()
	for i, key := range keys {
		if key <= limit {
			rows = append(rows, int32(i))
			s.Keys = append(s.Keys, key)
		}
	}
	return rows
}

// wide says that there are so many columns that fewer rows of them are sampled.
func (s *rowSample) wide() bool { return s.Rows < maxSampleRows }

// most is how many rows there may be before shrink drops some.
func (s *rowSample) most() int {
	if s.wide() {
		return s.Rows + s.Rows/4
	}
	return 2 * s.Rows
}

// shrink keeps the wanted number of rows once there are many more, or any more if final.
func (s *rowSample) shrink(final bool) {
	if n := len(s.Keys); n <= s.Rows || n < s.most() && !final {
		return
	}
	limit := num.NthLargest(slices.Clone(s.Keys), len(s.Keys)-s.Rows+1)
	order := make([]int32, 0, s.Rows)
	for i, key := range s.Keys {
		if key <= limit && len(order) < s.Rows { // keys of several rows may be equal
			s.Keys[len(order)] = key
			order = append(order, int32(i))
		}
	}
	s.Keys = s.Keys[:len(order)]
	for c := range s.Columns {
		column := &s.Columns[c]
		for i, from := range order {
			column.Bits[i], column.Kinds[i] = column.Bits[from], column.Kinds[from]
		}
		column.Bits, column.Kinds = column.Bits[:len(order)], column.Kinds[:len(order)]
	}
	s.limit.lower(limit)
}

// merge adds the rows of o, which is not to be used any more.
func (s *rowSample) merge(o *rowSample) {
	s.Keys = append(s.Keys, o.Keys...)
	for i := range s.Columns {
		from := &o.Columns[i]
		if s.Columns[i].Bits == nil {
			s.Columns[i], *from = *from, cells{}
			continue
		}
		to := s.room(i, len(from.Bits))
		to.Bits, to.Kinds = append(to.Bits, from.Bits...), append(to.Kinds, from.Kinds...)
		if from.Bits != nil {
			freeCells.Put(&cells{from.Bits, from.Kinds})
			*from = cells{}
		}
	}
	s.shrink(false)
}

// maxPatterns is how many sets of missing columns are counted exactly.
const maxPatterns = 4096

// missingRows counts the sets of columns that are missing in a row. A set is a bit per column,
// in bytes.
type missingRows struct {
	Table *sketch.Texts

	width int // bytes of a set
	bits  []byte
	any   bool // some bit is set
}

func newMissingRows(columns int) *missingRows {
	return &missingRows{Table: sketch.NewTexts(maxPatterns), width: (columns + 7) / 8}
}

// begin makes room for the sets of a batch.
func (m *missingRows) begin(rows int) {
	m.any = false
	m.bits = slices.Grow(m.bits[:0], rows*m.width)[:rows*m.width]
	clear(m.bits)
}

// set notes that a column is missing in a row.
func (m *missingRows) set(row, column int) {
	m.bits[row*m.width+column/8] |= 1 << (column % 8)
	m.any = true
}

// end counts the sets of a batch.
func (m *missingRows) end(rows int) {
	if m.width == 0 || rows == 0 {
		return
	}
	if !m.any {
		m.Table.Add(m.bits[:m.width], uint64(rows))
		return
	}
	for start := 0; start < rows; {
		set, end := m.bits[start*m.width:(start+1)*m.width], m.runEnd(start, rows)
		m.Table.Add(set, uint64(end-start))
		start = end
	}
}

// runEnd returns where the rows with the set of row start end. They have it as long as each byte is
// the one before by as many as a set has.
func (m *missingRows) runEnd(start, rows int) int {
	i, end := start*m.width, (rows-1)*m.width
	bits, next := m.bits[:rows*m.width], m.bits[m.width:rows*m.width]
	for i+8 <= end && binary.LittleEndian.Uint64(bits[i:]) == binary.LittleEndian.Uint64(next[i:]) {
		i += 8
	}
	for i < end && bits[i] == next[i] {
		i++
	}
	return i/m.width + 1
}

// patterns lists the most frequent sets by the names of their columns.
func (m *missingRows) patterns(names []string) []Pattern {
	var list []Pattern
	for _, set := range m.Table.Top(MaxPatterns) {
		p := Pattern{Columns: []string{}, Count: int(set.N), Error: int(m.Table.Offset())}
		for i, b := range []byte(set.Item) {
			for ; b != 0; b &= b - 1 {
				p.Columns = append(p.Columns, names[8*i+bits.TrailingZeros8(b)])
			}
		}
		list = append(list, p)
	}
	return list
}

// Constants that hashes are mixed with: from MurmurHash3 and xxHash.
const (
	mixing1    = 0xff51afd7ed558ccd
	mixing2    = 0x9e3779b185ebca87
	missingKey = 0xc2b2ae3d27d4eb4f
)

// mix scatters the bits of x over all of the result.
func mix(x uint64) uint64 {
	x ^= x >> 32
	x *= mixing1
	x ^= x >> 29
	x *= mixing2
	return x ^ x>>32
}

// fold takes the next cell of a row into its hash.
func fold(hash, cell uint64) uint64 {
	hash = (hash ^ cell) * mixing1
	return hash ^ hash>>31
}

// positions are keys for the rows of a batch, made from where it lies.
func positions(keys []uint64, shard int, b *dataset.Batch) []uint64 {
	start := mix(mix(uint64(shard)) + mix(uint64(b.Part)+mixing2)*mixing1 + uint64(b.Start))
	for i := range b.Rows {
		keys = append(keys, mix(start+uint64(i)*mixing2))
	}
	return keys
}
