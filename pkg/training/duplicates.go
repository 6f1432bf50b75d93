package training

import (
	"fmt"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/validate"
)

// A row whose copy the model learned from is no test of what it learned: whoever remembers is
// right. So rows that are equal in every input are kept in one fold, whatever their targets.

// maxCopies is how often rows are copied at most, on average: of more equal rows the inputs
// have few values, and equal rows are different things that are alike.
const maxCopies = 10

// copies are groups of equal rows, to keep together; nil if no row repeats another, or if they
// do because the inputs have so few values that rows are equal by chance.
func (p *Plan) copies(inputs *dataset.Table, contents []uint64) []int {
	groups := numbered(contents)
	again := repeats(groups)
	if again == 0 {
		return nil
	}
	said := fmt.Sprintf("%d of %d rows repeat another in every input", again, len(groups))
	if len(groups) > maxCopies*(len(groups)-again) || byChance(inputs, again) {
		p.Warnings = append(p.Warnings, said+", as they must with so few values; they are dealt into folds like others")
		return nil
	}
	p.Warnings = append(p.Warnings, said+"; equal rows are kept in one fold, so that no copy of a row that is tested is learned from")
	return groups
}

// repeats counts the rows of numbered groups that are not the first of theirs.
func repeats(groups []int) int {
	different := 0
	for _, g := range groups {
		different = max(different, g+1)
	}
	return len(groups) - different
}

// byChance says whether so many rows would repeat another if each column were drawn by itself,
// of as many equally likely values as it has: of n rows over m combinations n²/2m pairs are
// equal.
func byChance(inputs *dataset.Table, repeats int) bool {
	n := float64(inputs.Rows())
	pairs := float64(n*n) / 2
	for i := range inputs.Columns {
		if pairs /= float64(max(1, distinct(&inputs.Columns[i]))); pairs < float64(repeats) {
			return false
		}
	}
	return true
}

// distinct counts the values of a column.
func distinct(c *dataset.Column) int {
	if c.Type.Coded() {
		used := make([]bool, len(c.Levels))
		n := 0
		for _, code := range c.Codes {
			if code >= 0 && !used[code] {
				used[code] = true
				n++
			}
		}
		return n
	}
	values := map[float64]bool{}
	for row, v := range c.Values {
		if !c.Missing(row) {
			values[v] = true
		}
	}
	return len(values)
}

// straddling counts rows that are tested by a fold of groups, or one that a column says, which
// learned from a row equal to them.
func straddling(scheme string, folds []validate.Fold, contents []uint64) (n int) {
	if scheme != schemeGroup && scheme != schemePredefined {
		return 0
	}
	at := make([]int, len(contents)) // the fold that tests the row, from 1; 0: none
	for f, fold := range folds {
		for _, row := range fold.Test {
			at[row] = f + 1
		}
	}
	const several = -1
	where := make(map[uint64]int, len(contents))
	for row, h := range contents {
		if f, known := where[h]; known && f != at[row] {
			where[h] = several
		} else {
			where[h] = at[row]
		}
	}
	for row, h := range contents {
		if at[row] > 0 && where[h] == several {
			n++
		}
	}
	return n
}
