package model

import "math/bits"

// kdTree finds the nearest rows without looking at most of them (Friedman, Bentley & Finkel, "An
// algorithm for finding best matches in logarithmic expected time", ACM Trans. Math. Softw. 3,
// 1977). It halves the rows by the column in which they are farthest apart, and again each half,
// and knows the box of each part: the least and the greatest value of its rows in each column. A
// part whose box is farther off than the neighbours found so far has none.
//
// It finds what a look at all rows finds, to the bit: distances are summed in the order of
// the columns like those of panels, and that to a box from the same operations on numbers that are
// no larger, each of which rounds monotonously. Where distances are equal rows count in the order
// of the training data, as there.
type kdTree struct {
	columns int
	rows    []int32   // by place: the index of the row in the training data
	depth   int       // levels of halving; the nodes are a complete binary tree, root first
	boxes   []float64 // of each node: the least value of each column, then the greatest
	first   []int32   // of each node: the least index of its rows
}

// kdLeaf is how many groups of rows are left together at most: twice as many are as quick.
const kdLeaf = 4

// kdPays reports whether a tree of so many rows finds their k neighbours sooner than a look at all of
// them. Among independent normal columns, the worst there are but for sets made to be, the tree is
// even at under 1,000 rows of 4 columns, between 10,000 and 100,000 of 6 and at 100,000 of 8
// (docs/learners.md): it is taken from 2,000, 20,000 and 200,000 on. Columns that depend on each other are like fewer. With many neighbours there is
// little to leave out.
func kdPays(rows, columns, k int) bool {
	squared := 400 // of the fewest rows
	for range columns {
		if squared *= 10; squared > maxKNN*maxKNN {
			return false
		}
	}
	return columns > 0 && rows*rows >= squared && k <= rows/10
}

// newKDTree takes rows of one column at least; at is a finite value. Leaves begin at whole groups
// of lanesR places.
func newKDTree(rows, columns int, at func(row, column int) float64) *kdTree {
	t := &kdTree{columns: columns, rows: make([]int32, rows)}
	for i := range t.rows {
		t.rows[i] = int32(i)
	}
	groups := (rows + lanesR - 1) / lanesR
	t.depth = bits.Len(uint((groups - 1) / kdLeaf))
	nodes := 1<<(t.depth+1) - 1
	t.boxes, t.first = make([]float64, 2*columns*nodes), make([]int32, nodes)
	t.build(0, 0, 0, groups, make([]float64, rows), at)
	return t
}

// build makes the node of groups from to to-1 and what is below. keys is scratch.
func (t *kdTree) build(node, level, from, to int, keys []float64, at func(row, column int) float64) {
	begin, end := from*lanesR, min(to*lanesR, len(t.rows))
	rows := t.rows[begin:end]
	low := t.boxes[2*t.columns*node:][:t.columns]
	high := t.boxes[2*t.columns*node+t.columns:][:t.columns]
	widest := 0
	for j := range low {
		low[j] = at(int(rows[0]), j)
		high[j] = low[j]
		for _, row := range rows[1:] {
			if v := at(int(row), j); v < low[j] {
				low[j] = v
			} else if v > high[j] {
				high[j] = v
			}
		}
		if high[j]-low[j] > high[widest]-low[widest] {
			widest = j
		}
	}
	t.first[node] = rows[0]
	for _, row := range rows[1:] {
		t.first[node] = min(t.first[node], row)
	}
	if level == t.depth {
		return
	}
	keys = keys[:len(rows)]
	for i, row := range rows {
		keys[i] = at(int(row), widest)
	}
	middle := (from + to) / 2
	halve(keys, rows, middle*lanesR-begin)
	t.build(2*node+1, level+1, from, middle, keys, at)
	t.build(2*node+2, level+1, middle, to, keys, at)
}

// halve brings the n rows with the least keys to the front; of equal keys, those of the least
// indices, so that parts of equal rows are told apart by their first.
func halve(keys []float64, rows []int32, n int) {
	low, high := 0, len(rows)-1
	for low < high {
		// The median of three, without which sorted rows take long.
		middle := (low + high) / 2
		for _, p := range [3][2]int{{low, middle}, {middle, high}, {low, middle}} {
			if less(keys[p[1]], rows[p[1]], keys[p[0]], rows[p[0]]) {
				swap(keys, rows, p[0], p[1])
			}
		}
		key, row := keys[middle], rows[middle]
		i, j := low, high
		for i <= j {
			for less(keys[i], rows[i], key, row) {
				i++
			}
			for less(key, row, keys[j], rows[j]) {
				j--
			}
			if i <= j {
				swap(keys, rows, i, j)
				i++
				j--
			}
		}
		switch {
		case n <= j:
			high = j
		case n >= i:
			low = i
		default:
			return
		}
	}
}

func less(a float64, rowA int32, b float64, rowB int32) bool {
	return a < b || a == b && rowA < rowB
}

func swap(keys []float64, rows []int32, i, j int) {
	keys[i], keys[j] = keys[j], keys[i]
	rows[i], rows[j] = rows[j], rows[i]
}

// kdSearch is a query on its way through the tree.
type kdSearch struct {
	tree  *kdTree
	rows  panels    // in the order of the tree
	query []float64 // a number for each column
	found *neighbours
}

func (s *kdSearch) run() { s.visit(0, 0, 0, s.rows.groups()) }

// visit looks at the nearer half first, so that the other often need not be.
func (s *kdSearch) visit(node, level, from, to int) {
	if level == s.tree.depth {
		s.scan(from, to)
		return
	}
	middle := (from + to) / 2
	left, right := s.away(2*node+1), s.away(2*node+2)
	if left <= right {
		s.enter(2*node+1, level+1, from, middle, left)
		s.enter(2*node+2, level+1, middle, to, right)
	} else {
		s.enter(2*node+2, level+1, middle, to, right)
		s.enter(2*node+1, level+1, from, middle, left)
	}
}

// enter visits a node whose box is so far away, unless none of its rows can be a neighbour.
func (s *kdSearch) enter(node, level, from, to int, away float64) {
	if !s.found.wants(away, s.tree.first[node]) {
		return
	}
	s.visit(node, level, from, to)
}

// away is the squared distance to a node's box.
func (s *kdSearch) away(node int) float64 {
	n := len(s.query)
	low, high := s.tree.boxes[2*n*node:][:n], s.tree.boxes[2*n*node+n:][:n]
	sum := 0.0
	for j, q := range s.query {
		d := 0.0
		if q < low[j] {
			d = low[j] - q
		} else if q > high[j] {
			d = q - high[j]
		}
		sum += float64(d * d)
	}
	return sum
}

// scan looks at the rows of groups from to to-1.
func (s *kdSearch) scan(from, to int) {
	size := lanesR * s.rows.columns
	for g := from; g < to; g++ {
		sums := differencesOne(s.query, s.rows.values[g*size:(g+1)*size])
		places := s.tree.rows[g*lanesR : min((g+1)*lanesR, len(s.tree.rows))]
		for r, row := range places {
			if s.found.wants(sums[r], row) {
				s.found.add(neighbour{sums[r], row, s.found.weights[row]})
			}
		}
	}
}

// differencesOne are the squared distances of a query to the rows of one group, the same sums as
// those of differences.
func differencesOne(query, group []float64) [lanesR]float64 {
	var s0, s1, s2, s3, s4, s5, s6, s7 float64
	for j, q := range query {
		v := (*[lanesR]float64)(group[j*lanesR:])
		d0, d1, d2, d3, d4, d5, d6, d7 := q-v[0], q-v[1], q-v[2], q-v[3], q-v[4], q-v[5], q-v[6], q-v[7]
		s0 += float64(d0 * d0)
		s1 += float64(d1 * d1)
		s2 += float64(d2 * d2)
		s3 += float64(d3 * d3)
		s4 += float64(d4 * d4)
		s5 += float64(d5 * d5)
		s6 += float64(d6 * d6)
		s7 += float64(d7 * d7)
	}
	return [lanesR]float64{s0, s1, s2, s3, s4, s5, s6, s7}
}
