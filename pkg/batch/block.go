package batch

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
)

// block is some consecutive rows on their way to predictions. Add fills its columns; Close, on the
// worker that read them, predicts.
type block struct {
	*consumer
	columns  []dataset.Column // of the schema
	texts    []coder          // of text columns of the schema, by field
	kept     []keptColumn     // of Keep
	segments []segment
	rows     int

	bad         []bool  // rows with a fault
	faults      []place // of them, in the order of rows
	faulty      int     // rows
	unseen      []place // the first of them
	unseenCount int

	// What Close makes of the rows without faults.
	good      []int // their indices
	predicted []float64
	classes   []int32 // what is decided, if classes are predicted
	intervals [][2]float64
}

// segment is rows of a block that are of one file.
type segment struct{ part, rows int }

// place is what is wrong with, or odd about, a value of a row of the block.
type place struct {
	row            int // of the block
	column, detail string
}

// keptColumn is the texts of a column that is kept; −1 is none.
type keptColumn struct {
	codes []int32
	coder
}

// coder numbers texts in the order of their appearance.
type coder struct {
	levels []string
	index  map[string]int32
}

func (c *coder) code(text string) int32 {
	code, known := c.index[text]
	if !known {
		if c.index == nil {
			c.index = map[string]int32{}
		}
		code = int32(len(c.levels))
		c.index[text] = code
		c.levels = append(c.levels, text)
	}
	return code
}

// someUnseen is how many unseen texts of a block are told of.
const someUnseen = 10

func newBlock(c *consumer) *block {
	schema := c.Pipeline.Schema
	b := &block{consumer: c, columns: make([]dataset.Column, len(schema)), texts: make([]coder, len(schema)), kept: make([]keptColumn, len(c.Keep))}
	for i, f := range schema {
		b.columns[i] = dataset.Column{Name: f.Name, Type: f.Type}
		if f.Type == dataset.Categorical {
			b.columns[i].Levels = f.Levels
		}
	}
	return b
}

// Add implements dataset.Sink.
func (b *block) Add(batch *dataset.Batch) error {
	if n := len(b.segments); n > 0 && b.segments[n-1].part == batch.Part {
		b.segments[n-1].rows += batch.Rows
	} else {
		b.segments = append(b.segments, segment{batch.Part, batch.Rows})
	}
	b.bad = append(b.bad, make([]bool, batch.Rows)...)
	for i := range batch.Columns {
		from := &batch.Columns[i]
		if field := b.inputs[i]; field >= 0 {
			b.input(field, from)
		}
		if k := b.keeps[i]; k >= 0 {
			b.keep(&b.kept[k], from)
		}
	}
	b.rows += batch.Rows
	return nil
}

// input appends a column of a batch to one of the schema.
func (b *block) input(field int, from *dataset.BatchColumn) {
	to := &b.columns[field]
	switch {
	case to.Type.Coded():
		b.coded(field, from)
	case from.Type.Coded():
		b.parsed(to, from)
	case from.Type == to.Type:
		to.Values = append(to.Values, from.Values...)
	default: // say, all of them moments where numbers should be
		for i, v := range from.Values {
			if !math.IsNaN(v) {
				b.fault(b.rows+i, to.Name, fmt.Sprintf("want %s, got %s", to.Type, from.Type))
			}
			to.Values = append(to.Values, math.NaN())
		}
	}
}

// parsed understands texts as numbers, truth values or moments, each text once.
func (b *block) parsed(to *dataset.Column, from *dataset.BatchColumn) {
	values, faults := make([]float64, len(from.Levels)), map[int32]string{}
	for i, level := range from.Levels {
		v, err := b.numbers.Parse(to.Type, level)
		if err != nil {
			faults[int32(i)] = err.Error()
		}
		values[i] = v
	}
	for i, code := range from.Codes {
		v := math.NaN()
		if code >= 0 {
			if detail, faulty := faults[code]; faulty {
				b.fault(b.rows+i, to.Name, detail)
			} else {
				v = values[code]
			}
		}
		to.Values = append(to.Values, v)
	}
}

// coded gives texts their codes: the schema's, or those of a text column's own texts.
func (b *block) coded(field int, from *dataset.BatchColumn) {
	to := &b.columns[field]
	codes := make([]int32, len(from.Levels))
	for i, level := range from.Levels {
		text := string(level)
		if to.Type == dataset.Text {
			codes[i] = b.texts[field].code(text)
		} else {
			codes[i] = dataset.LevelOf(to.Levels, text)
		}
	}
	for i, code := range from.Codes {
		if code < 0 {
			to.Codes = append(to.Codes, -1)
			continue
		}
		to.Codes = append(to.Codes, codes[code])
		if codes[code] < 0 {
			if b.unseenCount++; len(b.unseen) < someUnseen {
				b.unseen = append(b.unseen, place{b.rows + i, to.Name, fmt.Sprintf("%.40q was never seen in training and counts as missing", from.Levels[code])})
			}
		}
	}
}

// keep appends the texts of a column, whose type is Text.
func (b *block) keep(to *keptColumn, from *dataset.BatchColumn) {
	codes := make([]int32, len(from.Levels))
	for i, level := range from.Levels {
		codes[i] = to.code(string(level))
	}
	for _, code := range from.Codes {
		if code >= 0 {
			code = codes[code]
		}
		to.codes = append(to.codes, code)
	}
}

// fault notes what is wrong with a value. Of more rows than may be left out one is enough.
func (b *block) fault(row int, column, detail string) {
	if !b.bad[row] {
		b.bad[row] = true
		b.faulty++
	}
	if b.MaxErrors < 0 && b.OnFault == nil || b.MaxErrors >= 0 && len(b.faults) > (b.MaxErrors+1)*max(1, len(b.columns)) {
		return
	}
	b.faults = append(b.faults, place{row, column, detail})
}

// Close implements io.Closer: it predicts.
func (b *block) Close() error {
	b.complete()
	b.infinite()
	b.choose()
	table, err := dataset.NewTable(b.columns...)
	if err != nil {
		return err
	}
	if b.faulty > 0 {
		table = table.Select(b.good)
	}
	if len(b.good) > 0 {
		if b.predicted, b.intervals, err = b.Pipeline.PredictIntervals(table); err != nil {
			return err
		}
	}
	b.columns, b.texts = nil, nil
	b.finite()
	slices.SortStableFunc(b.faults, func(x, y place) int { return cmp.Compare(x.row, y.row) })
	b.decide()
	return nil
}

// complete fills inputs that no column has, and sorts the levels of texts, as columns have them.
func (b *block) complete() {
	for i := range b.columns {
		c := &b.columns[i]
		if c.Len() < b.rows {
			if c.Type.Coded() {
				c.Codes = slices.Repeat([]int32{-1}, b.rows)
			} else {
				c.Values = slices.Repeat([]float64{math.NaN()}, b.rows)
			}
		}
		if c.Type != dataset.Text {
			continue
		}
		coder := &b.texts[i]
		c.Levels = slices.Sorted(slices.Values(coder.levels))
		position := make([]int32, len(c.Levels))
		for at, text := range c.Levels {
			position[coder.index[text]] = int32(at)
		}
		for row, code := range c.Codes {
			if code >= 0 {
				c.Codes[row] = position[code]
			}
		}
	}
}

// infinite finds infinite numbers where training had none, which serving refuses too.
func (b *block) infinite() {
	reference := b.Pipeline.Reference
	for i := range b.columns {
		c := &b.columns[i]
		if c.Type != dataset.Numeric || reference != nil && i < len(reference.Columns) && reference.Columns[i].Name == c.Name && reference.Columns[i].Infinite != (profile.Infinite{}) {
			continue
		}
		for row, v := range c.Values {
			if math.IsInf(v, 0) {
				b.fault(row, c.Name, "is infinite; leave it out if it is not known")
			}
		}
	}
}

// choose lists the rows without faults.
func (b *block) choose() {
	b.good = make([]int, 0, b.rows-b.faulty)
	for row, bad := range b.bad {
		if !bad {
			b.good = append(b.good, row)
		}
	}
}

// finite leaves out rows whose prediction is no finite number.
func (b *block) finite() {
	k := b.Pipeline.Target.Outputs()
	good := b.good[:0]
	for i, row := range b.good {
		of := b.predicted[i*k : (i+1)*k]
		if slices.ContainsFunc(of, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }) {
			b.fault(row, "", "the model predicts no finite number for it; its numbers are too large")
			continue
		}
		copy(b.predicted[len(good)*k:], of)
		if b.intervals != nil {
			b.intervals[len(good)] = b.intervals[i]
		}
		good = append(good, row)
	}
	b.good, b.predicted = good, b.predicted[:len(good)*k]
	if b.intervals != nil {
		b.intervals = b.intervals[:len(good)]
	}
}

// decide makes answers of what was predicted.
func (b *block) decide() {
	target := b.Pipeline.Target
	if !target.Task.Classification() {
		return
	}
	k := target.Outputs()
	b.classes = make([]int32, len(b.good))
	for i := range b.classes {
		b.classes[i] = int32(b.Pipeline.Decide(b.predicted[i*k : (i+1)*k]))
	}
}

// located gives places their files and rows; before are the rows of the file before each segment.
func (b *block) located(places []place, before []int) []Fault {
	faults := make([]Fault, len(places))
	segment, start := 0, 0
	for i, p := range places {
		for p.row < start { // texts that were never seen come column by column
			segment, start = 0, 0
		}
		for p.row >= start+b.segments[segment].rows {
			start += b.segments[segment].rows
			segment++
		}
		faults[i] = Fault{File: b.files[b.segments[segment].part].Name, Row: before[segment] + p.row - start + 1, Column: p.column, Detail: p.detail}
	}
	return faults
}
