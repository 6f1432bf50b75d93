package calibration

import (
	"errors"
	"fmt"
	"math"
)

// rows is what is calibrated on: rows of positive weight, checked.
type rows struct {
	class         []int
	probabilities []float64 // row by row
	weights       []float64
	outputs       int
}

// sumTolerance is how far the probabilities of a row may sum from 1.
const sumTolerance = 1e-6

func newRows(y, probabilities, weights []float64, outputs int) (rows, error) {
	if outputs < 2 || len(probabilities) != len(y)*outputs || (weights != nil && len(weights) != len(y)) {
		panic("calibration: lengths differ")
	}
	r := rows{outputs: outputs}
	seen := make([]bool, outputs)
	for i, class := range y {
		w := 1.0
		if weights != nil {
			w = weights[i]
		}
		if w == 0 {
			continue
		}
		row := probabilities[i*outputs : (i+1)*outputs]
		if err := checkRow(class, row, w); err != nil {
			return r, &RowError{i, err}
		}
		seen[int(class)] = true
		r.class, r.weights = append(r.class, int(class)), append(r.weights, w)
		r.probabilities = append(r.probabilities, row...)
	}
	for class, is := range seen {
		if !is {
			return r, fmt.Errorf("no row is of class %d of %d: nothing can be learned about it", class, outputs)
		}
	}
	return r, nil
}

func checkRow(class float64, probabilities []float64, weight float64) error {
	if !(weight > 0) || math.IsInf(weight, 0) {
		return fmt.Errorf("weight %v is not a finite number, 0 or more", weight)
	}
	if !(class >= 0 && class < float64(len(probabilities))) || class != math.Trunc(class) {
		return fmt.Errorf("target %v is not one of the classes 0 … %d", class, len(probabilities)-1)
	}
	sum := 0.0
	for _, p := range probabilities {
		if !(p >= 0 && p <= 1) {
			return fmt.Errorf("probability %v is not between 0 and 1", p)
		}
		sum += p
	}
	if math.Abs(sum-1) > sumTolerance {
		return errors.New("probabilities do not sum to 1")
	}
	return nil
}

// against returns the probability of a class in each row, and whether it is the row's.
func (r rows) against(class int) (probabilities []float64, is []bool) {
	probabilities, is = make([]float64, len(r.class)), make([]bool, len(r.class))
	for i, of := range r.class {
		probabilities[i], is[i] = r.probabilities[i*r.outputs+class], of == class
	}
	return probabilities, is
}
