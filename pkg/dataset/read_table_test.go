package dataset

import (
	"fmt"
	"strings"
	"testing"
)

// Room is made once, for about as many rows as there are, if the size of the data is known.
// Whatever the size is said to be, and however rows differ in length, the table is the same,
// and no more room is made than some times what the rows so far need.
func TestRoomForRows(t *testing.T) {
	var even, growing strings.Builder
	even.WriteString("n,late,s\n")
	growing.WriteString("n,late,s\n")
	const rows = 20_000
	for i := range rows {
		late := ""
		if i > rows/2 {
			late = fmt.Sprint(i)
		}
		fmt.Fprintf(&even, "%05d.5,%5s,%03d x\n", 10_000+i, late, i%500)
		fmt.Fprintf(&growing, "1,%s,%s\n", late, strings.Repeat("x", i/100))
	}
	for name, content := range map[string]string{"even": even.String(), "growing": growing.String()} {
		want := read(t, content, Options{})
		size := int64(len(content))
		for _, says := range []int64{-1, 0, 1, size / 3, size, 3 * size, 1 << 60} {
			part := text("t.csv", content)
			part.Size = says
			source := CSV{Files: []Part{part}, blockSize: len(content) / 10, batchSize: 1000, headSize: 100}
			got, _, err := Read(t.Context(), source, Options{Workers: 2})
			if err != nil {
				t.Fatal(err)
			}
			equalTables(t, got, want)
			n, s := cap(got.Column("n").Values), cap(got.Column("s").Codes)
			if name == "even" && says == size && max(n, s) > rows+rows/8 {
				t.Errorf("room for %d and %d rows, of %d", n, s, rows)
			}
			if max(n, s) > mostAhead*rows {
				t.Errorf("%s, said to have %d bytes: room for %d and %d rows, of %d", name, says, n, s, rows)
			}
		}
	}
}
