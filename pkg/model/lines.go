package model

// Line is a weighted sum of columns: the intercept, to which each column times its coefficient is
// added, in order.
type Line struct {
	Intercept    float64
	Coefficients []float64 // one per column
}

// Lined is a Model that predicts by lines and nothing else. Whoever has their sums need not make a
// matrix for it, and gets the same bits: as long as the sums are finite. Where one is not, Predict bounds
// what is added.
type Lined interface {
	Model
	// Lines are one or more; none if this model is more than lines. They are not to be changed.
	Lines() []Line
	// Finish makes predictions of sums in place. Of each row's Outputs values, the last ones hold the
	// sums of the lines.
	Finish(dst []float64)
}
