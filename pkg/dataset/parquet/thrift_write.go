package parquet

import "encoding/binary"

// compactWriter writes Thrift's compact protocol, as far as Writer needs it.
type compactWriter struct {
	out  []byte
	last []int // the field before, of each structure that is open
}

func (w *compactWriter) begin() { w.last = append(w.last, 0) }

func (w *compactWriter) end() {
	w.out = append(w.out, thriftStop)
	w.last = w.last[:len(w.last)-1]
}

// field begins a field; those of a structure come in the order of their ids, 15 apart at most.
func (w *compactWriter) field(id, kind int) {
	last := &w.last[len(w.last)-1]
	w.out = append(w.out, byte((id-*last)<<4|kind))
	*last = id
}

func (w *compactWriter) zigzag(v int64) {
	w.out = binary.AppendUvarint(w.out, uint64(v)<<1^uint64(v>>63))
}

func (w *compactWriter) int32(id int, v int64) {
	w.field(id, thriftI32)
	w.zigzag(v)
}

func (w *compactWriter) int64(id int, v int64) {
	w.field(id, thriftI64)
	w.zigzag(v)
}

func (w *compactWriter) bytes(s string) {
	w.out = append(binary.AppendUvarint(w.out, uint64(len(s))), s...)
}

func (w *compactWriter) text(id int, s string) {
	w.field(id, thriftBinary)
	w.bytes(s)
}

// list begins a list of n elements, which follow: structures each between begin and end.
func (w *compactWriter) list(id, kind, n int) {
	w.field(id, thriftList)
	if n < 15 {
		w.out = append(w.out, byte(n<<4|kind))
		return
	}
	w.out = binary.AppendUvarint(append(w.out, byte(15<<4|kind)), uint64(n))
}

func (w *compactWriter) structure(id int, fields func()) {
	w.field(id, thriftStruct)
	w.begin()
	fields()
	w.end()
}
