package feature

import (
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Names are the names of the encoded columns, in order.
func (e *Encoder) Names() []string {
	var names []string
	for _, c := range e.Columns {
		if c.Number != nil {
			names = append(names, c.Name)
			if c.Number.Indicator {
				names = append(names, c.Name+" missing")
			}
			continue
		}
		for _, level := range c.Categories.Levels {
			names = append(names, c.Name+"="+level)
		}
		if len(c.Categories.Other) > 0 {
			names = append(names, c.Name+"=(other)")
		}
	}
	return names
}

// Transform encodes rows. The table must have every column that was fitted, of the same
// kind; its levels may differ. It is an error otherwise.
func (e *Encoder) Transform(t *dataset.Table) (*dataset.Matrix, error) {
	m := &dataset.Matrix{Rows: t.Rows(), Names: e.Names()}
	at := -1
	for _, column := range e.Columns {
		if at = position(t, column.Name, at+1); at < 0 {
			return nil, fmt.Errorf("column %q is missing", column.Name)
		}
		c := &t.Columns[at]
		if c.Type.Coded() != (column.Categories != nil) {
			return nil, fmt.Errorf("column %q is %s, another kind than in training", c.Name, c.Type)
		}
		if column.Number != nil {
			m.Columns = append(m.Columns, column.Number.transform(c)...)
		} else {
			m.Columns = append(m.Columns, column.Categories.transform(c)...)
		}
	}
	return m, nil
}

// position is where a table has a column, looked for from start on and then from the front:
// columns come in the encoder's order, and from the front each time is slow for wide tables.
// It is -1 if there is none.
func position(t *dataset.Table, name string, start int) int {
	n := len(t.Columns)
	for k := range n {
		if i := (start + k) % n; t.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

func (n *Number) transform(c *dataset.Column) [][]float64 {
	values := make([]float64, len(c.Values))
	var indicator []float64
	if n.Indicator {
		indicator = make([]float64, len(c.Values))
	}
	for i, v := range c.Values {
		if math.IsNaN(v) {
			if indicator != nil {
				indicator[i] = 1
			}
			if n.Fill == nil {
				values[i] = v
				continue
			}
			v = *n.Fill
		}
		values[i] = float64((v - n.Shift) * n.Factor)
	}
	if indicator != nil {
		return [][]float64{values, indicator}
	}
	return [][]float64{values}
}

func (k *Categories) transform(c *dataset.Column) [][]float64 {
	width := len(k.Levels)
	if len(k.Other) > 0 {
		width++
	}
	slot := make(map[string]int, len(k.Levels)+len(k.Other))
	for i, level := range k.Levels {
		slot[level] = i
	}
	for _, level := range k.Other {
		slot[level] = len(k.Levels)
	}
	columns := make([][]float64, width)
	for j := range columns {
		columns[j] = make([]float64, len(c.Codes))
	}
	slots := make([]int, len(c.Levels)) // by code
	for code, level := range c.Levels {
		slots[code] = -1
		if j, ok := slot[level]; ok {
			slots[code] = j
		}
	}
	for i, code := range c.Codes {
		if code >= 0 && slots[code] >= 0 {
			columns[slots[code]][i] = 1
		}
	}
	return columns
}

// Check reports what no encoder that Fit made would have: it is for encoders read from a
// file.
func (e *Encoder) Check() error {
	for _, c := range e.Columns {
		if (c.Number == nil) == (c.Categories == nil) {
			return fmt.Errorf("column %q has no encoding, or two", c.Name)
		}
		if n := c.Number; n != nil && n.Fill == nil && n.Indicator {
			return fmt.Errorf("column %q marks missing values that it does not fill", c.Name)
		}
	}
	return nil
}
