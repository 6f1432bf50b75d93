package model

import "github.com/foretell-ml/foretell/pkg/model/tree"

// Memory is about how many bytes Fit takes on top of the data it is given, of so many rows,
// columns and outputs (1 for regression and two classes, else the classes), with weights or
// without. What it measures is the heap at its highest; a test holds it to within a quarter.
func (b Boosting) Memory(rows, columns, outputs int, weighted bool) int64 {
	n, k := int64(rows), int64(outputs)
	// Scores and both derivatives of each output; what the scores at the start are taken from.
	own := 8 * n * (3*k + k + 2)
	if weighted {
		own += 16 * n // weights as integers, and what they are scaled by
	}
	if boostingObjective(b.Objective).ordered() {
		own += 16 * n // residuals by leaf, and keys to select by
	}
	if b.columnShare(columns) < 1 {
		own += 17 * n // the target's order, by which columns are dealt
		if weighted {
			own += 28 * n
		}
	}
	if b.EarlyStopping > 0 {
		own += 8 * n * (int64(columns) + 3) // the rows in two parts
	}
	return own + tree.Memory(rows, columns, b.Bins, b.Leaves, weighted)
}
