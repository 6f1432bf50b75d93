package training

import (
	"context"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// Volume is how large the data of a run is, as far as time and memory of a trial follow from it.
type Volume struct {
	Rows    int `json:"rows"` // that trials see
	Test    int `json:"test"` // held out for the final model
	Columns int `json:"columns"`
	Classes int `json:"classes,omitempty"`
	// Folds of a trial, each of so many rows to learn from and to judge on, on average.
	Folds int `json:"folds"`
	Train int `json:"train"`
	Judge int `json:"judge"`
	// Bytes of the files, and of the prepared data.
	Source   int64 `json:"source_bytes,omitempty"`
	Prepared int64 `json:"prepared_bytes"`
	Weighted bool  `json:"weighted,omitempty"`
	// Bins are the distinct values of all columns together, of each 255 at most: what boosted trees
	// cut between.
	Bins int `json:"bins,omitempty"`
	// Mixed tells how hard it is to tell three classes and more apart: see model.Shape.
	Mixed float64 `json:"mixed,omitempty"`

	Kinds Kinds `json:"kinds"`
}

// Kinds are the columns by what encoding makes of them.
type Kinds struct {
	Numbers    int `json:"numbers,omitempty"`
	Gaps       int `json:"gaps,omitempty"` // columns that are no categories and lack values
	Moments    int `json:"moments,omitempty"`
	Categories int `json:"categories,omitempty"`
	Levels     int `json:"levels,omitempty"` // of all categories, as one-hot columns
	Texts      int `json:"texts,omitempty"`
}

// Columns that encodings make, where only a fit would know how many: n-grams of a text with a
// column of their own, parts of a moment (and their sines and cosines), and the share of numbers
// that are skewed enough to have a bent copy.
const (
	textColumns   = 33
	momentColumns = 5
	cyclicColumns = 9
	bentShare     = 0.4
	mostLevels    = 51
)

// newVolume measures prepared data.
func newVolume(p *prepared, plan *Plan) Volume {
	v := Volume{Rows: len(p.Y), Test: plan.Test, Columns: len(p.Inputs.Columns), Classes: len(plan.Target.Classes),
		Folds: len(p.folds), Weighted: p.Weights != nil}
	for _, f := range p.folds {
		v.Train += len(f.Train)
		v.Judge += len(f.Test)
	}
	if v.Folds > 0 {
		v.Train, v.Judge = v.Train/v.Folds, v.Judge/v.Folds
	}
	v.Prepared = 12 * int64(v.Rows) // target and fold
	v.Bins = bins(p.Inputs)
	for i := range p.Inputs.Columns {
		c := &p.Inputs.Columns[i]
		v.Prepared += int64(c.Len()) * 8
		switch c.Type {
		case dataset.Text:
			v.Kinds.Texts++
			for _, level := range c.Levels {
				v.Prepared += int64(len(level))
			}
			continue
		case dataset.Categorical:
			v.Kinds.Categories++
			v.Kinds.Levels += min(len(c.Levels), mostLevels)
			v.Prepared -= int64(c.Len()) * 4
			continue
		case dataset.Timestamp:
			v.Kinds.Moments++
		default:
			v.Kinds.Numbers++
		}
		if slices.ContainsFunc(c.Values, math.IsNaN) {
			v.Kinds.Gaps++
		}
	}
	return v
}

// mixedRows is how many rows are looked at for how soon classes can be told apart.
const mixedRows = 4_000

// howMixed grows one tree of several classes, on the rows that there are or on some of them, and counts its
// leaves for each of them; 0 of other targets, and where none can be grown.
func howMixed(ctx context.Context, data *prepared, target pipeline.Target) float64 {
	if len(target.Classes) < 3 || len(data.Y) == 0 {
		return 0
	}
	some := data.Select(evenly(len(data.Y), mixedRows))
	one := pipeline.Configuration{Learner: "forest", Params: map[string]any{"trees": 1.0, "bootstrap": false}}
	p, err := pipeline.Fit(ctx, some, target, one, 0)
	if err != nil {
		return 0
	}
	leaves := 1
	for _, n := range p.Members[0].Model.(model.Importance).Splits() {
		leaves += n
	}
	return float64(leaves) / float64(len(some.Y))
}

// binRows is how many rows are looked at to count bins.
const binRows = 1 << 14

// bins counts the distinct values of columns, up to what trees make of them. Those of a text are many.
func bins(t *dataset.Table) (sum int) {
	mostBins := model.DefaultBoosting().Bins
	seen := make(map[float64]bool, mostBins)
	for i := range t.Columns {
		c := &t.Columns[i]
		switch c.Type {
		case dataset.Text:
			sum += textColumns * mostBins
		case dataset.Categorical:
			sum += min(len(c.Levels), mostBins)
		default:
			clear(seen)
			for _, v := range c.Values[:min(len(c.Values), binRows)] {
				if !math.IsNaN(v) {
					seen[v] = true
				}
				if len(seen) == mostBins {
					break
				}
			}
			sum += len(seen)
		}
	}
	return sum
}

// width is about how many columns a learner's encoding has.
func (k Kinds) width(n model.Needs) int {
	width := k.Numbers + k.Texts*textColumns
	switch {
	case n.Categories:
		width += k.Categories
	default:
		width += k.Levels
	}
	if n.Complete {
		width += k.Gaps + k.Moments*cyclicColumns
	} else {
		width += k.Moments * momentColumns
	}
	if n.Scale {
		width += int(bentShare * float64(k.Numbers))
	}
	return max(1, width)
}

// Time of encoding, in nanoseconds: of a number as it is, of one that is sorted, scaled and maybe
// bent, of a category and of each of its columns, of a moment, and of a text, whose n-grams are
// counted by fold.
const (
	numberTime   = 12
	scaledTime   = 450
	categoryTime = 10
	levelTime    = 4
	momentTime   = 300
	textTime     = 20_000
)

// encodeTime is about how many seconds it takes on one core to encode so many rows.
func (k Kinds) encodeTime(n model.Needs, rows int) float64 {
	number := float64(numberTime)
	if n.Scale {
		number = scaledTime
	}
	each := float64(float64(k.Numbers)*number) + float64(k.Categories*categoryTime+k.Moments*momentTime+k.Texts*textTime)
	if !n.Categories {
		each += float64(k.Levels * levelTime)
	}
	return float64(float64(float64(rows)*each) * 1e-9)
}
