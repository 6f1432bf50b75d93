package tree

// Contrast explains trees by Shapley values of the game whose value for a set of columns is
// the tree's value for a row that has those columns of the row explained and the others of
// another (interventional TreeSHAP with one row of background; Lundberg et al. 2020, algorithm
// 3). It is exact. A Contrast is scratch for one goroutine.
type Contrast struct {
	forest  *Forest
	from    []uint8 // of each column: 0 both rows went one way so far, 1 the row's, 2 the other's
	columns [][]float64
	row     int
	against [][]float64
	other   int
	values  []float64
	weights [tabled + 1][tabled + 1]float64
}

// tabled is the number of columns of one kind up to which weights are tabled.
const tabled = 32

// NewContrast returns an explainer of the forest's trees, which split on so many columns.
func NewContrast(f *Forest, columns int) *Contrast {
	c := &Contrast{forest: f, from: make([]uint8, columns)}
	for a := range c.weights {
		for b := range c.weights[a] {
			c.weights[a][b] = shapleyWeight(a, b)
		}
	}
	return c
}

// shapleyWeight is (a-1)!·b!/(a+b)!, what each of a columns of the row gets of a leaf that
// takes all of them and none of b others; 0 for a = 0.
func shapleyWeight(a, b int) float64 {
	if a == 0 {
		return 0
	}
	w := 1 / float64(a+b)
	// Divided by the binomial of a+b-1 over the lesser.
	n, k := a+b-1, min(a-1, b)
	for i := 1; i <= k; i++ {
		w *= float64(i) / float64(n-k+i)
	}
	return w
}

func (c *Contrast) weight(a, b int) float64 {
	if a <= tabled && b <= tabled {
		return c.weights[a][b]
	}
	return shapleyWeight(a, b)
}

// Add adds to values, one for each column, what the columns of a row contribute to tree t
// where the other row's are the rest. They sum to the difference of the two rows' values.
func (c *Contrast) Add(values []float64, t int, columns [][]float64, row int, against [][]float64, other int) {
	c.values, c.columns, c.row, c.against, c.other = values, columns, row, against, other
	c.walk(c.forest.Starts[t], 0, 0)
}

// walk returns what each column taken from the row, of which there are a, and each taken from
// the other, of which there are b, gets of the leaves below.
func (c *Contrast) walk(i int32, a, b int) (mine, others float64) {
	for {
		n := &c.forest.Nodes[i]
		if n.Feature < 0 {
			return float64(n.Value * c.weight(a, b)), float64(n.Value * c.weight(b, a))
		}
		if c.from[n.Feature] == 2 {
			i = n.child(c.forest.goesLeft(n, c.against[n.Feature][c.other]))
			continue
		}
		left := c.forest.goesLeft(n, c.columns[n.Feature][c.row])
		if c.from[n.Feature] == 1 || left == c.forest.goesLeft(n, c.against[n.Feature][c.other]) {
			i = n.child(left)
			continue
		}
		c.from[n.Feature] = 1
		mine, others = c.walk(n.child(left), a+1, b)
		c.from[n.Feature] = 2
		mineToo, othersToo := c.walk(n.child(!left), a, b+1)
		c.from[n.Feature] = 0
		c.values[n.Feature] += mine - othersToo
		return mine + mineToo, others + othersToo
	}
}

// child is the index of the left or right child.
func (n *Node) child(left bool) int32 {
	if left {
		return n.Left
	}
	return n.Right
}
