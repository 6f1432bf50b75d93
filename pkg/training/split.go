package training

import (
	"fmt"

	"github.com/foretell-ml/foretell/pkg/validate"
)

// split holds rows out to test on, and deals the others into folds.
func (p *prepared) split(plan *Plan, by steering) error {
	v := plan.Config.Validation
	contents := p.Inputs.Contents()
	kept, err := p.holdOut(v, plan, by, contents)
	if err != nil {
		return err
	}
	by, contents = by.pick(kept), pick(contents, kept)
	rows, err := p.rows(plan, by, contents)
	if err != nil {
		return err
	}
	seed := plan.Config.Seed
	switch v.Scheme {
	case schemeHoldout:
		var fold validate.Fold
		fold, err = validate.Holdout(rows, v.Share, seed)
		p.folds = []validate.Fold{fold}
	case schemeRepeated:
		p.folds, err = validate.Repeated(rows, v.Folds, v.Repeats, seed)
	case schemeTime:
		p.folds, err = validate.TimeSeries{Folds: v.Folds, Gap: by.gap, Sliding: v.Window == windowSliding}.Split(by.times)
	case schemePredefined:
		p.folds, err = validate.Predefined(by.folds)
	default:
		p.folds, err = validate.KFold(rows, v.Folds, seed)
	}
	if err != nil {
		return &ConfigError{[]Fault{{Pointer: "/validation", Detail: err.Error()}}}
	}
	if n := straddling(v.Scheme, p.folds, contents); n > 0 {
		plan.Warnings = append(plan.Warnings, fmt.Sprintf("%d of %d rows that are tested equal a row that their fold learned from in every input, since the %s parts them: scores are better than they should be",
			n, len(contents), v.Scheme))
	}
	return nil
}

// rows are what the folds are dealt by: classes, and groups of rows that stay together.
func (p *prepared) rows(plan *Plan, by steering, contents []uint64) (validate.Rows, error) {
	v, rows := plan.Config.Validation, validate.Rows{N: len(p.Y)}
	classes := plan.Target.Task.Classification()
	if v.Stratify != nil && *v.Stratify && !classes {
		return rows, &ConfigError{[]Fault{{Pointer: "/validation/stratify", Detail: fmt.Sprintf("belongs to classes, and the task is %s", plan.Target.Task)}}}
	}
	if classes && (v.Stratify == nil || *v.Stratify) {
		rows.Classes = make([]int, rows.N)
		for i, y := range p.Y {
			rows.Classes[i] = int(y)
		}
	}
	switch v.Scheme {
	case schemeGroup:
		rows.Groups = numbered(by.groups)
	case schemeKFold, schemeRepeated, schemeHoldout:
		if !v.CopiesApart {
			rows.Groups = plan.copies(p.Inputs, contents)
		} else if rows.N > 0 {
			plan.Repeating = float64(repeats(numbered(contents))) / float64(rows.N)
		}
	}
	return rows, nil
}

// numbered gives hashes the numbers from 0 on, in the order in which they first appear; each 0
// is another.
func numbered(hashes []uint64) []int {
	number := make(map[uint64]int, len(hashes))
	all := make([]int, len(hashes))
	next := 0
	for i, h := range hashes {
		n, known := number[h]
		if !known || h == 0 {
			n = next
			number[h] = n
			next++
		}
		all[i] = n
	}
	return all
}
