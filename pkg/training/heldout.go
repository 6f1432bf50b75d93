package training

import (
	"fmt"

	"github.com/foretell-ml/foretell/pkg/validate"
)

// Rows that are held out are seen by no trial: the final model is judged on them, and by them
// a challenger is compared with the champion. They are picked by their content, not by where
// they stand nor by the seed, so that a row that was held out is held out in every later run
// of the model, whatever was appended to the data: what was learned once knows none of them.
// Of groups all rows are held out or none, and the group is what they are picked by. Where
// time decides they are the latest rows: what is learned later was not known then.

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
	case rows < heldOutFrom || v.Scheme == schemePredefined:
		return 0
	case rows < heldOutMany:
		return heldOutFew
	}
	return heldOutOf
}

// holdOut moves rows of the prepared data to its test, and returns those that are left. If it
// was not asked to, and cannot, it says so in the plan and lets it be.
func (p *prepared) holdOut(v ValidationConfig, plan *Plan, by steering, contents []uint64) (kept []int, err error) {
	all := len(p.Y)
	share := v.testShare(all)
	fold := validate.Fold{}
	switch {
	case share == 0:
		return least(contents, 0).Train, nil
	case v.Scheme == schemeTime:
		fold, err = validate.TimeSeries{Gap: by.gap}.Latest(by.times, share)
	case v.Scheme == schemeGroup:
		fold = least(groupOrRow(by.groups, contents), share)
	default:
		fold = least(contents, share)
	}
	if err == nil && (len(fold.Test) == 0 || len(fold.Train) == 0) {
		err = fmt.Errorf("a share of %v, picked by content, is %d of %d rows", share, len(fold.Test), all)
	}
	if err != nil && v.Test != nil {
		return nil, &ConfigError{[]Fault{{Pointer: "/validation/test", Detail: err.Error() + "; give another share, or 0 to hold out none"}}}
	}
	if err != nil {
		plan.Warnings = append(plan.Warnings, "no rows are held out to test the final model on: "+err.Error())
		return least(contents, 0).Train, nil
	}
	if gap := all - len(fold.Train) - len(fold.Test); gap > 0 {
		plan.Warnings = append(plan.Warnings, fmt.Sprintf("%d of %d rows lie in the gap before the rows that are held out, and were left out", gap, all))
	}
	p.Data, p.test = p.Select(fold.Train), p.Select(fold.Test)
	return fold.Train, nil
}

// least tests the share of rows whose hashes are least, as far as hashes are evenly spread.
func least(hashes []uint64, share float64) (f validate.Fold) {
	for row, h := range hashes {
		if float64(h>>11)/(1<<53) < share {
			f.Test = append(f.Test, row)
		} else {
			f.Train = append(f.Train, row)
		}
	}
	return f
}

// groupOrRow is what rows of groups are picked by: the group, or the row if it has none.
func groupOrRow(groups, contents []uint64) []uint64 {
	hashes := make([]uint64, len(groups))
	for row, g := range groups {
		if hashes[row] = g; g == 0 {
			hashes[row] = contents[row]
		}
	}
	return hashes
}
