package model

// sized is a learner that knows what its fit takes by itself.
type sized interface {
	Memory(rows, columns, outputs int, weighted bool) int64
}

var _ sized = Boosting{}

// Memory is about how many bytes Fit takes on top of the data it is given, the heap at its
// highest. A test holds it to what is measured, within a quarter.
func Memory(l Learner, s Shape) int64 {
	n, p, k := int64(s.Rows), int64(max(1, s.Columns)), int64(s.Outputs())
	const number = 8
	switch l := l.(type) {
	case sized:
		return l.Memory(s.Rows, s.Columns, s.Outputs(), s.Weighted)
	case Bayes: // weights and the rows of each class
		return number * n * 2
	case KNN: // the rows again, their targets and weights: they are the model
		if kdPays(s.Rows, s.Columns, l.K) { // and their order, and boxes of 16 to 32 of them
			return number * (n*(p+3) + n*(p+4)/8)
		}
		return number * n * (p + 3)
	case Linear:
		powers := 2 * p * int64(max(1, l.Degree)-1) // in twice the digits
		p *= int64(max(1, l.Degree))
		if l.L1 > 0 { // the columns scaled, residuals, and sums of products
			return number * (n*(p+powers+10) + 2*p*p)
		}
		if l.Degree <= 1 && n*p >= normalCells && n >= 4*p {
			// The columns, then residuals in twice the digits; up to 8 numbers a row more where
			// columns are combinations of others or nearly so, which their number does not say.
			return number * (n*(p+5) + 2*p*p)
		}
		return number * (n*(p+powers+13) + 2*p*p) // the factors, and residuals in twice the digits
	case GLM:
		return number * (n*(p*6/5+10) + 2*p*p)
	case Logistic:
		all := p * k
		hessian := 2 * min(all*all, 512*512)
		return number * (n*(p*6/5+10+6*(k-1)) + hessian)
	case MLP:
		return l.memory(s.Rows, s.Columns, s.Outputs())
	case Forest:
		return l.Memory(s)
	}
	return number * n // targets and weights are summed
}
