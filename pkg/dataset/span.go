package dataset

// Span is what one of several workers reads of a data set: some of its parts, or some bytes of
// one.
type Span struct {
	First int `json:"first"` // parts First … Last, from 0
	Last  int `json:"last"`
	// Range is the bytes to read of the one part, if it is cut up; nil: all of the parts.
	Range *Range `json:"range,omitempty"`
}

// compressed bytes count as so many.
const compression = 4

// Cut makes spans of parts of CSV or JSON Lines: neighbours share one while they have no more than
// so many bytes and are no more than most, and a part that is larger is cut into ranges, unless it
// is compressed.
func Cut(parts []Part, bytes int64, most int) (spans []Span) {
	var taken int64 // of the last span
	for i, p := range parts {
		size := p.Size
		if _, how, _ := FormatOf(p.Name); how != Plain {
			size *= compression
		} else if size > max(bytes, DigestPiece) {
			step := max(1, bytes/DigestPiece) * DigestPiece
			for start := int64(0); start < size; start += step {
				spans = append(spans, Span{First: i, Last: i, Range: &Range{Start: start, End: min(start+step, size)}})
			}
			taken = bytes // no other part shares the last of them
			continue
		}
		n := len(spans)
		if n == 0 || taken+size > bytes || spans[n-1].Range != nil || i-spans[n-1].First == most {
			spans = append(spans, Span{First: i, Last: i})
			taken = size
			continue
		}
		spans[n-1].Last = i
		taken += size
	}
	return spans
}
