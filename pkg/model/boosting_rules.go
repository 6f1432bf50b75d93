package model

import (
	"fmt"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/nearest"
	"github.com/foretell-ml/foretell/pkg/model/tree"
)

// rules are the params of trees on the columns of x, which Monotone and Interactions name.
func (b Boosting) rules(x *dataset.Matrix) (tree.Params, error) {
	p := tree.Params{
		Leaves:         b.Leaves,
		MaxDepth:       b.MaxDepth,
		MinLeafRows:    b.MinLeafRows,
		MinLeafHessian: b.MinLeafHessian,
		L1:             b.L1,
		L2:             b.L2,
		MinGain:        b.MinGain,
		MaxValue:       b.MaxDelta,
		NodeColumns:    b.NodeColumnShare,
		CategorySmooth: b.CategorySmooth,
		CategoryL2:     b.CategoryL2,
	}
	index := func(param, name string) (int, error) {
		j := slices.Index(x.Names, name)
		if j < 0 {
			return 0, &ParamError{boostingName, param, fmt.Errorf("there is no column %q%s", name, nearest.Hint(name, x.Names))}
		}
		return j, nil
	}
	for name, direction := range b.Monotone {
		j, err := index("monotone", name)
		if err != nil {
			return p, err
		}
		if x.Categorical(j) {
			return p, &ParamError{boostingName, "monotone", fmt.Errorf("column %q holds categories, which have no order", name)}
		}
		if p.Monotone == nil {
			p.Monotone = make([]int8, len(x.Columns))
		}
		p.Monotone[j] = int8(direction)
	}
	for _, names := range b.Interactions {
		var set []int
		for _, name := range names {
			j, err := index("interactions", name)
			if err != nil {
				return p, err
			}
			set = append(set, j)
		}
		p.Interactions = append(p.Interactions, set)
	}
	return p, nil
}
