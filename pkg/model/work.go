package model

import "math"

// Shape is the size of the data that a learner is fitted on, after encoding.
type Shape struct {
	Rows, Columns int
	Classes       int // as in Data: 0 for regression
	Weighted      bool
	// Dependent says that columns are combinations of others, as those of a category that sum to 1 are.
	Dependent bool
}

// Outputs are the scores that a learner fits: one for regression and two classes, else one for
// each class.
func (s Shape) Outputs() int {
	if s.Classes > 2 {
		return s.Classes
	}
	return 1
}

// Work is how much there is to do in Fit and in Predict of as many rows as test: visits of cells
// and multiplications, by the formulas of each learner's loops. It depends on nothing but its
// arguments, so that budgets of work end on every machine at the same point; what a unit takes is
// in unitTime. Learners that stop by themselves count as the usual fit: early stopping and
// patience at half of what is allowed, Newton's method at its usual steps.
func Work(l Learner, s Shape, test int) float64 {
	n, p, k := float64(s.Rows), float64(max(1, s.Columns)), float64(s.Outputs())
	t := float64(test)
	cells := float64(n * p)
	switch l := l.(type) {
	case Baseline:
		return n + t
	case Bayes:
		return float64(cells*2) + float64(float64(t*p)*k)
	case KNN: // in Fit the rows are laid out, the search is all in Predict
		return float64(cells*4) + float64(float64(t*n)*(p+8))/10
	case Linear:
		return float64(linearWork(l, n, p, s.Dependent)) + float64(t*p)
	case GLM:
		return float64(newtonSteps*newtonWork(n, p, 1)) + float64(t*p)
	case Logistic:
		return float64(l.work(n, p, k)) + float64(float64(t*p)*k)
	case MLP:
		return l.work(n, p, k) + float64(float64(t*float64(l.Members))*l.links(p, k))
	case Boosting:
		return l.work(n, p, k) + float64(float64(t*float64(l.Rounds))*float64(4*float64(k*math.Log2(float64(l.Leaves)))))
	case Forest:
		return l.work(n, p, s.Classes) + float64(float64(t*float64(l.Trees))*float64(6*math.Log2(n+1)))
	}
	return float64(cells * k)
}

// Steps of Newton's method until nothing is gained; with l1 each is found by coordinate descent.
const (
	newtonSteps = 8
	lassoSteps  = 9
)

// work is that of all steps. Those of several classes are found by conjugate gradients, preconditioned by
// sums of products taken once: each looks at all rows a few times, and at more of them the more classes
// there are.
func (l Logistic) work(n, p, k float64) float64 {
	switch {
	case l.L1 > 0:
		return float64(lassoSteps * newtonWork(n, p, k))
	case k > 1:
		return float64(float64(n*k)*float64(127+float64(25.5*p))) * float64(1+k/60)
	}
	return float64(newtonSteps * newtonWork(n, p, k))
}

// newtonWork is a step's: derivatives and the Hessian, whose sums of products are the quickest of
// all loops; or products with it, where it is too large to be formed.
func newtonWork(n, p, k float64) float64 {
	const whole, products = 512, 30
	all := float64(p * k)
	if all > whole {
		return float64(float64(n*all) * (2 * products))
	}
	return float64(n*(float64(28*k)+float64(6*all)+float64(all*all)/35)) + float64(float64(all*all)*all)/3
}

// linearWork is that of QR with a second look at the residuals, or, of many rows whose columns are not
// dependent, of sums of products with it; or of sums of products and then coordinate descent.
func linearWork(l Linear, n, p float64, dependent bool) float64 {
	p = float64(p * float64(max(1, l.Degree)))
	if l.L1 > 0 {
		return float64(float64(float64(n*p)*(p+400))/8) + float64(100*float64(p*p))
	}
	work := float64(float64(n*p) * float64(2*(p+60)))
	if !dependent && l.Degree <= 1 && n*p >= normalCells && n >= 4*p {
		work = float64(float64(n*p)*float64(50+float64(0.18*p))) + float64(float64(p*p)*float64(2*p))
	}
	if l.ChooseL2 {
		work += float64(float64(n*p)*p) + float64(float64(n*p)*100)
	}
	return work
}

// links are the weights of a network.
func (p MLP) links(inputs, outputs float64) (sum float64) {
	last := inputs
	for _, width := range p.Hidden {
		sum += float64((last + 1) * float64(width))
		last = float64(width)
	}
	return sum + float64((last+1)*outputs)
}

func (p MLP) work(n, inputs, outputs float64) float64 {
	epochs := float64(p.Epochs)
	if p.Holdout > 0 {
		epochs = min(epochs, max(float64(p.Patience), epochs/2))
	}
	return float64(float64(float64(n*epochs)*float64(p.Members)) * float64(3*p.links(inputs, outputs)))
}

// work is that of binning, and of each tree's histograms: of two children only the smaller is
// counted, and the first round's derivatives take as long as some columns.
func (b Boosting) work(n, p, k float64) float64 {
	rounds := float64(b.Rounds)
	if b.EarlyStopping > 0 {
		rounds = min(rounds, max(float64(b.EarlyStopping), rounds/2))
	}
	share := b.RowShare
	if b.TopShare > 0 {
		share = b.TopShare + b.OtherShare
	}
	leaves := min(float64(b.Leaves), max(2, n/float64(b.leafRowsOf(int(min(n, math.MaxInt32)))))) // more there are not
	offered := float64(p * b.columnShare(int(p)))
	depth := math.Log2(leaves)
	columns := p + 6
	if share < 1 || 2*offered < p { // else those left out stay in the records
		columns = offered + 6
	}
	visits := float64(float64(float64(n*share)*columns) * float64((1+depth)/3))
	cuts := float64(offered * float64(leaves*min(n, float64(b.Bins))))
	return float64(float64(rounds*k)*float64(visits+cuts)) + float64(float64(n*p)*20)
}

// work is that of trees grown to the end: each level of a tree sees all rows in the columns that
// are drawn for its nodes, half of them or, for classes, √p unless it is said how many.
func (f Forest) work(n, p float64, classes int) float64 {
	drawn, by := float64(p*f.ColumnShare), 14.0
	if f.ColumnShare == 0 {
		drawn = p / 2
	}
	if classes > 0 {
		if by = 4; f.ColumnShare == 0 {
			drawn = math.Sqrt(p)
		}
		tallies := 1 + float64(0.35*float64(classes-2))
		by, drawn = float64(by*tallies), float64(drawn*tallies)
	}
	depth := max(1, math.Log2(n/float64(max(1, f.MinLeafRows))))
	if f.MaxDepth > 0 {
		depth = min(depth, float64(f.MaxDepth))
	}
	return float64(float64(float64(n*depth)*float64(f.Trees))*(drawn+by)) + float64(float64(n*p)*20)
}

// unitTime is what a unit of Work takes, in nanoseconds on one core of an Intel Xeon of this
// decade: about the mean of what make bench-cost prints. A Graviton2 core is taken to be as fast.
var unitTime = map[string]float64{
	baselineName: 40, bayesName: 8, boostingName: 3.5, forestName: 2.4, glmName: 0.66, knnName: 1.1,
	linearName: 0.42, logisticName: 1.1, mlpName: 0.155,
}

// Seconds is what so much Work of a learner takes on one core, roughly: within a factor of two
// where a fit takes over a tenth of a second.
func Seconds(learner string, work float64) float64 {
	return float64(float64(work*unitTime[learner]) * 1e-9)
}
