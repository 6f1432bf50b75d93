package model

import "math"

// Shape is the size of the data that a learner is fitted on, after encoding.
type Shape struct {
	Rows, Columns int
	Classes       int // as in Data: 0 for regression
	Weighted      bool
	// Dependent says that columns are combinations of others, as those of a category that sum to 1 are.
	Dependent bool
	// Bins are the distinct values of all columns together, of each 255 at most; 0: as many.
	Bins int
	// Mixed tells how hard it is to tell three classes and more apart: the leaves, for each row, of a tree
	// that is grown on all rows until they are pure. 0: as hard as qualities of wine.
	Mixed float64
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
		return float64(l.work(n, p, k, s)) + float64(float64(t*p)*k)
	case MLP:
		return l.work(n, p, k) + float64(float64(t*float64(l.Members))*l.links(p, k))
	case Boosting:
		return l.work(s) + float64(t*(float64(float64(float64(l.Rounds)*k)*float64(1.6*math.Log2(l.usualLeaves(s))))+float64(4*p)))
	case Forest:
		return l.work(s) + float64(t*(float64(float64(l.Trees)*float64(4*l.usualDepth(n)))+float64(4*p)))
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
// there are, and the sooner they can be told apart without a penalty that ends it.
func (l Logistic) work(n, p, k float64, s Shape) float64 {
	switch {
	case l.L1 > 0:
		return float64(lassoSteps * newtonWork(n, p, k))
	case k > 1:
		return float64(float64(n*k)*float64(127+float64(25.5*p))) * float64(1+k/60) * l.looks(s)
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

// work is that of all steps: of their rows, of moving the weights, and of sharing the batch out.
func (p MLP) work(n, inputs, outputs float64) float64 {
	const moved, shared = 20, 225_000
	epochs := float64(p.Epochs)
	if int(float64(p.Holdout*n)) >= fewestHeld {
		epochs = min(epochs, max(float64(p.Patience), epochs/2))
	}
	links, steps := p.links(inputs, outputs), math.Ceil(n/float64(p.batch(int(n))))
	return float64(float64(epochs*float64(p.Members)) * (float64(float64(3*n)*links) + float64(steps*(float64(moved*links)+shared))))
}

// usualLeaves are those of a tree: no more than the rows suffice for.
func (b Boosting) usualLeaves(s Shape) float64 {
	if s.Outputs() > 1 {
		return b.usualLeavesOfClasses(s)
	}
	of := float64(float64(s.Rows)*b.rowsSeen()) / float64(b.leafRowsOf(s.Rows))
	return max(2, min(float64(b.Leaves), of))
}

// rowsSeen is the share of the rows that a tree is grown on.
func (b Boosting) rowsSeen() float64 {
	if b.TopShare > 0 {
		return b.TopShare + b.OtherShare
	}
	return b.RowShare
}

// work is that of binning and, for each tree, of derivatives, of histograms (of two children only
// that of the smaller is made), of cuts between bins, and of leaves. A unit is the visit of a row in
// a column; all else is in proportion to what it takes, as fitted to 420 fits of six data sets, and of
// several classes, whose trees are small for what they take, to 300 of nine.
func (b Boosting) work(s Shape) float64 {
	const derivative, drawn = 48, 1.1
	cell, cut, leaf := 1.0, 4.3, 180.0
	if s.Outputs() > 1 {
		cell, cut, leaf = 0.87, 5.4, 670
	}
	n, p := float64(s.Rows), float64(max(1, s.Columns))
	rounds := float64(b.Rounds)
	if b.EarlyStopping > 0 {
		rounds = min(rounds, max(float64(b.EarlyStopping), rounds/2))
	}
	bins := float64(b.Bins)
	if s.Bins > 0 {
		bins = min(bins, float64(s.Bins)/p)
	}
	offered := max(1, float64(p*b.columnShare(int(p))))
	columns, leaves := p, b.usualLeaves(s)
	if b.rowsSeen() < 1 || 2*offered < p { // else those left out stay in the records
		columns = offered
	}
	tree := float64(float64(float64(float64(cell*n)*b.rowsSeen())*columns)*(1+float64(0.27*math.Log2(leaves)))) + float64(derivative*n) +
		float64(leaves*(float64(float64(cut*offered)*bins)+leaf))
	if b.rowsSeen() < 1 {
		tree += float64(float64(drawn*n) * p)
	}
	return float64(float64(rounds*float64(s.Outputs()))*tree) + float64(float64(n*p)*50)
}

// forestUnits are what a tree of values or of two classes takes, by how it cuts: of each row and level, and
// of each of the columns there that are drawn; of each leaf; of each value that is binned.
type forestUnits struct{ row, cell, leaf, value float64 }

// unitsOf were fitted to 590 fits of six data sets, as nanoseconds.
func (f Forest) unitsOf(classes int) forestUnits {
	switch {
	case f.Extra && classes == 0:
		return forestUnits{0, 9.5, 350, 0}
	case f.Extra:
		return forestUnits{5, 6.3, 285, 5}
	case classes == 0:
		return forestUnits{15, 7.6, 360, 12}
	}
	return forestUnits{7.7, 2.8, 94, 14}
}

// usualDepth is that of a tree on so many rows, of which a bootstrap has 63 % and some twice.
func (f Forest) usualDepth(rows float64) float64 {
	if f.Bootstrap {
		rows = float64(rows * 0.632)
	}
	depth := max(1, math.Log2(rows/float64(max(1, f.MinLeafRows))))
	if f.MaxDepth > 0 {
		depth = min(depth, float64(f.MaxDepth))
	}
	return depth
}

// work is that of trees grown to the end: each level sees all rows, in the columns drawn for its nodes.
func (f Forest) work(s Shape) float64 {
	if s.Classes > 2 {
		return f.workOfClasses(s)
	}
	n, p, depth, units := float64(s.Rows), max(1, s.Columns), f.usualDepth(float64(s.Rows)), f.unitsOf(s.Classes)
	seen := n
	if f.Bootstrap {
		seen = float64(n * 0.632)
	}
	leaves := min(seen/float64(max(1, f.MinLeafRows)), math.Exp2(depth))
	tree := float64(float64(seen*depth)*(units.row+float64(units.cell*float64(f.columns(p, s.Classes))))) +
		float64(leaves*units.leaf) + float64(float64(units.value*seen)*float64(p))
	return float64(float64(f.Trees)*tree) + float64(float64(n*float64(p))*50)
}

// unitTime is what a unit of Work takes, in nanoseconds on one core of an Intel Xeon of this
// decade: about the mean of what make bench-cost prints. A Graviton2 core is taken to be as fast.
var unitTime = map[string]float64{
	baselineName: 40, bayesName: 8, boostingName: 1.45, forestName: 1, glmName: 0.66, knnName: 1.1,
	linearName: 0.42, logisticName: 1.1, mlpName: 0.155,
}

// Seconds is what so much Work of a learner takes on one core, roughly: within a factor of two
// where a fit takes over a tenth of a second.
func Seconds(learner string, work float64) float64 {
	return float64(float64(work*unitTime[learner]) * 1e-9)
}
