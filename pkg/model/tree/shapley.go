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
	// Of each point, for each node and each of its states, see tabulate.
	factors, shares []float64
	states          []int32 // of each node: 3 × its index + the row's state there
	along, below    []float64
	values          []float64 // of each node
}

// A row passes all edges of a node's column down to the node, or fails at this one, or failed
// above.
const (
	passes = iota
	fails
	failed
	stateCount
)

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
	value   float64 // of a leaf; 0 for a split
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
			s.edges[i-begin].value = n.Value
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
	s.along, s.below, s.values = resized(s.along, nodes), resized(s.below, nodes), resized(s.values, nodes)
	s.states = resized(s.states, nodes)
	s.factors, s.shares = resized(s.factors, stateCount*nodes*s.points), resized(s.shares, stateCount*nodes*s.points)
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

// tabulate computes for each point, node and state what does not depend on the row. A column's
// factor is z(1−t)+t if the row passes, z(1−t) if not. What is tabled is the factor over that of
// the edge above, and what turns a sum below into the column's value, less what the edge above
// takes for it; if the row failed above that is all.
func (s *Shapley) tabulate() {
	nodes := len(s.edges)
	for q, t := range s.at.t {
		u, inverseOfU := s.at.u[q], s.at.inverse[q]
		factors := s.factors[stateCount*nodes*q : stateCount*nodes*(q+1)]
		shares := s.shares[stateCount*nodes*q : stateCount*nodes*(q+1)]
		for i := 1; i < nodes; i++ {
			e := &s.edges[i]
			z := e.passed
			rest := float64(z * u)
			factor := rest + t
			inverse, already := 1.0, 0.0 // of the edge above
			if e.above > 0 {
				before := s.edges[e.above].passed
				inverse = 1 / (float64(before*u) + t)
				already = float64((1 - before) * inverse)
			}
			at := stateCount * i
			factors[at+passes], factors[at+fails], factors[at+failed] = factor*inverse, rest*inverse, e.share
			shares[at+passes], shares[at+fails], shares[at+failed] = (1-z)/factor-already, -inverseOfU-already, 0
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
	s.follow(nodes, s.forest.Starts[t], columns, row)
	n := len(nodes)
	edges, states, of := s.edges[:n], s.states[:n], s.values[:n]
	along, below := s.along[:n], s.below[:n]
	clear(of)
	for q := range s.points {
		factors := s.factors[stateCount*n*q : stateCount*n*(q+1)]
		shares := s.shares[stateCount*n*q : stateCount*n*(q+1)]
		along[0] = s.at.weights[q]
		for i := 1; i < n; i++ {
			v := along[edges[i].parent] * factors[states[i]]
			along[i] = v
			below[i] = edges[i].value * v
		}
		for i := n - 1; i > 0; i-- {
			below[edges[i].parent] += below[i]
			of[i] += float64(below[i] * shares[states[i]])
		}
	}
	for i := 1; i < n; i++ {
		values[edges[i].feature] += of[i]
	}
}

// follow finds the row's state at each node. The root stands for "none above": it passes.
func (s *Shapley) follow(nodes []Node, begin int32, columns [][]float64, row int) {
	s.states[0] = passes
	for i := range nodes {
		n := &nodes[i]
		if n.Feature < 0 {
			continue
		}
		left := s.forest.goesLeft(n, columns[n.Feature][row])
		s.enter(n.Left-begin, left)
		s.enter(n.Right-begin, !left)
	}
}

func (s *Shapley) enter(child int32, goes bool) {
	above := s.edges[child].above
	state := int32(fails)
	switch {
	case s.states[above] != stateCount*above+passes:
		state = failed
	case goes:
		state = passes
	}
	s.states[child] = stateCount*child + state
}

// goesLeft reports where a split sends a value.
func (f *Forest) goesLeft(n *Node, x float64) bool {
	if n.Set > 0 {
		return f.inSet(n, x)
	}
	return x <= n.Threshold || (n.MissingLeft && math.IsNaN(x))
}
