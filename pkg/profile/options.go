package profile

import "time"

// Options are what a profile is made with. The zero value judges the columns by themselves.
type Options struct {
	// Target is the column that is to be predicted; "" leaves relations to it out. One that
	// the data does not have is a *dataset.ColumnError.
	Target string
	// Modified is when the data was written: moments after it lie in the future. The zero
	// time leaves that unjudged.
	Modified time.Time
}
