package dataset

import "golang.org/x/sys/cpu"

// hasLines says whether there is splitLines.
var hasLines = cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasPOPCNT && cpu.X86.HasPCLMULQDQ

// splitLines finds the values of the lines that data[from:to] begins with, as far as they need no
// closer look: 64 bytes at a time, up to the last 64 that all are. bounds and feeds have lineRoom
// for that many bytes. It returns how many values end there, of which bounds then has the start and the
// end of each, as records has; how many lines, of which feeds has the LF of each; and whether all
// bytes are ASCII.
//
// It stops before 64 bytes with a NUL, a CR without LF, a quote that does not open or close a
// value, or a line end within quotes.
func splitLines(data []byte, from, to int, d dialect, bounds, feeds []uint32) (values, ends int, ascii bool) {
	// Out of range panics here and not in assembly.
	_, _, _ = data[from:to], bounds[:lineRoom(to-from)], feeds[:to-from+1]
	values, ends, high := splitLinesAVX2(&data[0], from, to, d.comma, d.quote, &bounds[0], &feeds[0])
	return values, ends, high == 0
}

//go:noescape
func splitLinesAVX2(data *byte, from, to int, comma, quote byte, bounds, feeds *uint32) (values, lines int, high uint32)
