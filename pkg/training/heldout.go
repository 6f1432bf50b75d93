package training

import "fmt"

// Rows that are held out are seen by no trial: the final model is judged on them, and by them
// a challenger is compared with the champion. They are picked by their content, not by where
// they stand nor by the seed, so that a row that was held out is held out in every later run
// of the model, whatever was appended to the data: what was learned once knows none of them.

// Default share of rows that are held out, by the number of rows: a score needs some hundred
// rows to be worth anything, and more than a few thousand hardly improve it. The rows of the
// smaller share are among those of the larger one.
const (
	heldOutFrom, heldOutFew = 1_000, 0.2
	heldOutMany, heldOutOf  = 10_000, 0.1
)

// testShare is the share of rows to hold out.
func (v ValidationConfig) testShare(rows int) float64 {
	switch {
	case v.Test != nil:
		return *v.Test
	case rows < heldOutFrom:
		return 0
	case rows < heldOutMany:
		return heldOutFew
	}
	return heldOutOf
}

// heldOut picks the share of rows whose hashes are least, as far as hashes are evenly spread.
func heldOut(contents []uint64, share float64) (kept, held []int) {
	for row, h := range contents {
		if float64(h>>11)/(1<<53) < share {
			held = append(held, row)
		} else {
			kept = append(kept, row)
		}
	}
	return kept, held
}

// holdOut moves rows of the prepared data to its test.
func (p *prepared) holdOut(v ValidationConfig, plan *Plan) error {
	share := v.testShare(len(p.Y))
	if share == 0 {
		return nil
	}
	kept, held := heldOut(p.Inputs.Contents(), share)
	if len(held) == 0 || len(kept) == 0 {
		return &ConfigError{[]Fault{{Pointer: "/validation/test", Detail: fmt.Sprintf("a share of %v holds out %d of %d rows; give another share, or 0 to hold out none", share, len(held), len(kept)+len(held))}}}
	}
	p.Data, p.test = p.Select(kept), p.Select(held)
	plan.Test = len(held)
	return nil
}
