package dataset

import "bytes"

// dialect is which signs a CSV file is written with. A field of 0 has not been detected yet;
// a comment of 0 stays so: there are none.
type dialect struct{ comma, quote, comment byte }

func (o Options) dialect() dialect { return dialect{o.Delimiter, o.Quote, o.Comment} }

// commented reports whether what begins at data is a comment.
func (d dialect) commented(data []byte) bool {
	return d.comment != 0 && len(data) > 0 && data[0] == d.comment
}

// usual is what most files are written with.
var usual = dialect{comma: ',', quote: '"'}

// lastEndWithComments is lastRecordEnd of a file that may have comments, in which a quote opens
// nothing: it goes from record to record.
func lastEndWithComments(data []byte, d dialect) (end int) {
	for {
		next := recordEnd(data, end, d)
		if next < 0 {
			return end
		}
		end = next
	}
}

// commentEnd returns where the line that begins at begin ends: behind its line end, -1 if data
// ends before it does or may.
func commentEnd(data []byte, begin int) int {
	n := bytes.IndexAny(data[begin:], "\n\r")
	switch at := begin + n; {
	case n < 0, data[at] == '\r' && at+1 == len(data):
		return -1
	case data[at] == '\r' && data[at+1] == '\n':
		return at + 2
	default:
		return at + 1
	}
}
