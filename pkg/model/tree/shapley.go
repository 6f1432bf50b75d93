package tree

import "math"

// Shapley explains trees by Shapley values of the game whose value for a set of columns is
// the mean of the tree over its training rows, those columns given: a split on a column that
// is not given sends its share of the row's weight each way (path-dependent TreeSHAP;
// Lundberg et al. 2020, algorithm 1). It is exact.
//
// The method is another than there. With zᵢ the share of training rows that the splits on
// column i of a path let pass, and oᵢ 1 if they let the row pass, else 0, the multilinear
// extension of a leaf's game (Owen 1972) makes its value for column i
//
//	v·(oᵢ−zᵢ)·∫₀¹ Πⱼ≠ᵢ (zⱼ(1−t) + oⱼt) dt
//
// a polynomial of the degree of the path's other columns, which Gauss's quadrature of half as
// many points integrates exactly. Products of all leaves below a split are summed before they
// are shared out, so a tree costs nodes × points, and all factors are positive: nothing is
// unwound or cancels.
//
// A Shapley is scratch for one goroutine.
type Shapley struct {
	forest *Forest
	cover  []float64
	rules  [mostPoints + 1]*quadrature

	// Of the tree that was prepared last; nodes count from its root.
	points int
	at     *quadrature
	edges  []edge
	tables []float64 // of each node: 4 × points, see prepare
	along  []float64 // of each node: points
	below  []float64
	passes []bool
}

// mostPoints bounds the points of a quadrature: exact for 128 columns on a path. The
// integrand of a longer path is as good as smooth: all of its factors rise or fall from
// positive values to 0 or 1.
const mostPoints = 64

// edge is the way from a node's parent to the node.
type edge struct {
	parent  int32
	above   int32   // the nearest node on the way from the root whose edge has the same column; 0: none
	feature int32   // of the parent
	share   float64 // of the parent's rows
	passed  float64 // of the rows, by all edges of the same column from the root down to this
	columns int     // distinct ones from the root down to this
}

// NewShapley returns an explainer of the forest's trees; cover has a positive weight for every
// node.
func NewShapley(f *Forest, cover []float64) *Shapley { return &Shapley{forest: f, cover: cover} }

// Mean is the mean of tree t over its training rows.
func (s *Shapley) Mean(t int) float64 {
	begin, end := s.forest.Starts[t], s.forest.Starts[t+1]
	means := make([]float64, end-begin)
	for i := end - 1; i >= begin; i-- {
		n := &s.forest.Nodes[i]
		if n.Feature < 0 {
			means[i-begin] = n.Value
			continue
		}
		left := s.leftShare(n)
		means[i-begin] = float64(left*means[n.Left-begin]) + float64((1-left)*means[n.Right-begin])
	}
	return means[0]
}

// leftShare is the share of a split's rows that go left.
func (s *Shapley) leftShare(n *Node) float64 {
	// Halved, so that the sum does not overflow.
	left, right := float64(s.cover[n.Left]/2), float64(s.cover[n.Right]/2)
	return left / (left + right)
}

// Prepare has Add explain tree t.
func (s *Shapley) Prepare(t int) {
	begin, end := s.forest.Starts[t], s.forest.Starts[t+1]
	nodes := int(end - begin)
	s.edges = resized(s.edges, nodes)
	columns := 0
	s.edges[0] = edge{}
	for i := begin; i < end; i++ {
		n := &s.forest.Nodes[i]
		columns = max(columns, s.edges[i-begin].columns)
		if n.Feature < 0 {
			continue
		}
		left := s.leftShare(n)
		s.edges[n.Left-begin] = s.edge(i-begin, n.Feature, left)
		s.edges[n.Right-begin] = s.edge(i-begin, n.Feature, 1-left)
	}
	s.points = min(mostPoints, (columns+1)/2)
	if s.rules[s.points] == nil {
		s.rules[s.points] = newQuadrature(s.points)
	}
	s.at = s.rules[s.points]
	s.along, s.below = resized(s.along, nodes*s.points), resized(s.below, nodes*s.points)
	s.passes = resized(s.passes, nodes)
	s.tables = resized(s.tables, 4*nodes*s.points)
	s.tabulate()
}

func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

func (s *Shapley) edge(parent, feature int32, share float64) edge {
	e := edge{parent: parent, feature: feature, share: share, passed: share, columns: s.edges[parent].columns}
	for at := parent; at > 0; at = s.edges[at].parent {
		if s.edges[at].feature == feature {
			e.above = at
			e.passed = float64(share * s.edges[at].passed)
			return e
		}
	}
	e.columns++
	return e
}

// tabulate computes for each node and point what does not depend on the row. A node's factor
// is that of its column: z(1−t)+t if the row passes, z(1−t) if not. There are four rows: the
// factor over that of the edge above if the row passes and if it does not, given that it
// passed above; and what turns a sum below into the column's value, less what the edge above
// takes for it, again if the row passes and if not.
func (s *Shapley) tabulate() {
	p := s.points
	for i := 1; i < len(s.edges); i++ {
		e := &s.edges[i]
		table := s.tables[4*p*i : 4*p*(i+1)]
		pass, fail, passed, failed := table[:p], table[p:2*p], table[2*p:3*p], table[3*p:]
		z, above := e.passed, e.above
		for q, t := range s.at.t {
			u := s.at.u[q]
			rest := float64(z * u)
			factor := rest + t
			inverse, already := 1.0, 0.0 // of the edge above
			if above > 0 {
				before := s.edges[above].passed
				inverse = 1 / (float64(before*u) + t)
				already = float64((1 - before) * inverse)
			}
			pass[q], fail[q] = factor*inverse, rest*inverse
			passed[q] = (1-z)/factor - already
			failed[q] = -s.at.inverse[q] - already
		}
	}
}

// Add adds to values, one for each column, what the columns of a row contribute to the tree
// that was prepared, tree t. They sum to the tree's value less its mean.
func (s *Shapley) Add(values []float64, t int, columns [][]float64, row int) {
	nodes := s.forest.Nodes[s.forest.Starts[t]:s.forest.Starts[t+1]]
	if len(nodes) == 1 {
		return
	}
	p, begin := s.points, s.forest.Starts[t]
	copy(s.along[:p], s.at.weights)
	s.passes[0] = true
	for i := range nodes {
		n := &nodes[i]
		along := s.along[p*i : p*(i+1)]
		below := s.below[p*i : p*(i+1)]
		if n.Feature < 0 {
			for q, v := range along {
				below[q] = n.Value * v
			}
			continue
		}
		clear(below)
		left := s.forest.goesLeft(n, columns[n.Feature][row])
		s.step(along, int(n.Left-begin), left)
		s.step(along, int(n.Right-begin), !left)
	}
	for i := len(nodes) - 1; i > 0; i-- {
		e := &s.edges[i]
		below := s.below[p*i : p*(i+1)]
		up := s.below[p*int(e.parent):][:p]
		for q, v := range below {
			up[q] += v
		}
		table := s.tables[4*p*i : 4*p*(i+1)]
		switch {
		case s.passes[i]:
			table = table[2*p : 3*p]
		case s.passes[e.above]:
			table = table[3*p:]
		default:
			continue // the edge above has all of it
		}
		sum := 0.0
		for q, v := range below {
			sum += float64(v * table[q])
		}
		values[e.feature] += sum
	}
}

// step carries the products of a path on to a child. The root stands for "none above": it
// passes, and its factor is 1.
func (s *Shapley) step(along []float64, child int, passes bool) {
	p, e := s.points, &s.edges[child]
	to := s.along[p*child : p*(child+1)][:len(along)]
	table := s.tables[4*p*child : 4*p*(child+1)]
	above := s.passes[e.above]
	s.passes[child] = above && passes
	switch {
	case !above:
		for q, v := range along {
			to[q] = v * e.share
		}
		return
	case passes:
		table = table[:p]
	default:
		table = table[p : 2*p]
	}
	for q, v := range along {
		to[q] = v * table[q]
	}
}

// goesLeft reports where a split sends a value.
func (f *Forest) goesLeft(n *Node, x float64) bool {
	if n.Set > 0 {
		return f.inSet(n, x)
	}
	return x <= n.Threshold || (n.MissingLeft && math.IsNaN(x))
}
