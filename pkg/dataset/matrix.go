package dataset

// Matrix is what learners see: numbers only, column by column, so that a learner that works
// by column (trees) reads memory in order and one that works by row copies once. NaN is
// missing; encoders that impute leave none.
type Matrix struct {
	Rows    int
	Names   []string    // one per column, for importances and errors
	Columns [][]float64 // each of length Rows
	// Categories holds for each column how many categories it has, or 0 for a column of
	// numbers; nil means that all are numbers. A category is written as its index, 0 to
	// Categories-1, and NaN is a missing or unknown one.
	Categories []int
}

// Categorical reports whether column j holds categories.
func (m *Matrix) Categorical(j int) bool { return m.Categories != nil && m.Categories[j] > 0 }

// Select returns the rows of the given indices, in that order, as a copy.
func (m *Matrix) Select(rows []int) *Matrix {
	s := &Matrix{Rows: len(rows), Names: m.Names, Categories: m.Categories, Columns: make([][]float64, len(m.Columns))}
	for j, column := range m.Columns {
		picked := make([]float64, len(rows))
		for i, r := range rows {
			picked[i] = column[r]
		}
		s.Columns[j] = picked
	}
	return s
}
