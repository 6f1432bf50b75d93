package model

import "math"

// What three classes and more take follows from how soon the columns tell them apart: digits
// are told apart by a sixth of the leaves that qualities of wine want, in half the time. No count of rows
// and columns knows that, but one tree does (Shape.Mixed), grown in milliseconds.

// hardlyApart is Mixed where nobody looked: that of classes that are hard to tell apart.
const hardlyApart = 0.35

func (s Shape) mixed() float64 {
	if s.Mixed > 0 {
		return s.Mixed
	}
	return hardlyApart
}

// usualLeavesOfClasses are those of a boosted tree of one of several classes: no more than leaves, than
// the rows of one class suffice for, and than tell it from the others; fewer where these come near each other.
func (b Boosting) usualLeavesOfClasses(s Shape) float64 {
	const ofRows, apart = 3.33, 0.54
	k, n := float64(s.Outputs()), float64(float64(s.Rows)*b.rowsSeen())
	most := float64(b.Leaves)
	suffice := float64(ofRows*n) / float64(k*float64(b.leafRowsOf(s.Rows)))
	tell := float64(float64(apart*s.mixed())*n) / math.Sqrt(k)
	return max(2, 1/math.Sqrt(1/float64(most*most)+1/float64(suffice*suffice)+1/float64(tell*tell)))
}

// classUnits are what a tree of several classes takes, as nanoseconds: of each row and level, of each of the
// columns there that are drawn and, where nodes have as many rows as a column has bins, again for its
// cuts; and of each leaf, the more the more classes there are. Leaves are those that the one tree of Mixed would have, less those of fewer
// rows than a leaf may have.
type classUnits struct{ row, cell, cut, leaf, class, leaves, fewer float64 }

// unitsOfClasses were fitted to 170 fits of eight data sets of 300 to 4,000 rows.
func (f Forest) unitsOfClasses() classUnits {
	if f.Extra {
		return classUnits{15, 6.75, 2.6, 955, 13, 1.4, 1.5}
	}
	return classUnits{28.7, 0.2, 22.5, 820, 137, 0.8, 0.65}
}

// workOfClasses is that of all trees. Levels are as many as the leaves want, not as the rows would suffice for.
func (f Forest) workOfClasses(s Shape) float64 {
	u, n, p := f.unitsOfClasses(), float64(s.Rows), max(1, s.Columns)
	seen, bootstrap := n, 1.0
	if f.Bootstrap {
		seen, bootstrap = float64(n*0.632), 1.17
	}
	q := s.mixed()
	leaves := max(2, float64(float64(u.leaves*q)*float64(seen*bootstrap))/(1+float64(float64(u.fewer*q)*float64(f.MinLeafRows-1))))
	levels := math.Log2(leaves)
	if f.MaxDepth > 0 {
		levels = min(levels, float64(f.MaxDepth))
		leaves = min(leaves, math.Exp2(levels))
	}
	bins := float64(f.Bins)
	if s.Bins > 0 {
		bins = min(bins, float64(s.Bins)/float64(p))
	}
	narrow := max(0, levels-math.Log2(max(1, seen/max(1, bins)))) + 1 // levels whose nodes have fewer rows than bins, and those above
	drawn := float64(f.columns(p, s.Classes))
	tree := float64(seen*(float64(levels*(u.row+float64(u.cell*drawn)))+float64(float64(u.cut*narrow)*drawn))) + float64(leaves*(u.leaf+float64(u.class*float64(s.Classes))))
	return float64(float64(f.Trees)*tree) + float64(float64(n*float64(p))*50)
}

// looks are how many times the rows are looked at by logistic regression of several classes, as a multiple of
// what a strong penalty takes: coefficients of classes that can be told apart grow until the penalty
// stops them.
func (l Logistic) looks(s Shape) float64 {
	const least, each, penalty = 0.85, 0.07, 4.35
	free := math.Log1p(float64(s.Rows) / float64(penalty*max(l.L2, 0.01)))
	return least * (1 + float64(float64(float64(each*float64(s.Classes))*free)*max(0.02, 1-float64(2*s.mixed()))))
}
