package profile

// sample is rows of a data set, column by column, for what cannot be told from one column
// alone: how columns go with each other and with the target.
type sample struct {
	rows    int // in the sample
	of      int // in the data set; more than rows if these are a random sample
	columns []sampleColumn
}

// sampleColumn is the values of one column in one of two forms.
type sampleColumn struct {
	name   string
	values []float64 // numbers and moments; NaN is missing, infinities occur
	codes  []int32   // of all other types: from 0 to levels-1, -1 is missing
	levels int
}
