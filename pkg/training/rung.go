package training

import (
	"fmt"
	"maps"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/validate"
)

// Rung is how much a trial of successive halving has, of rows or of rounds. Scores of different
// rungs do not compare: more rows give better models, whatever the configuration.
type Rung struct {
	Number   int     `json:"rung"` // from 1
	Of       int     `json:"of"`   // the last rung, which has all
	Share    float64 `json:"share"`
	Resource string  `json:"resource"`
}

// Resources of rungs.
const (
	byRows   = "rows"   // each fold learns from a share of its training rows
	byRounds = "rounds" // learners take a share of their rounds, trees or epochs
)

// Top reports whether a trial had all there is: without rungs it always had.
func (r *Rung) Top() bool { return r == nil || r.Number == r.Of }

func (r *Rung) String() string { return fmt.Sprintf("rung %d of %d", r.Number, r.Of) }

// at is the data as a trial on a rung sees it: its folds learn from a share of their rows, of
// each class the same, and are tested on all. Rows of a rung are among those of the next.
func (p *prepared) at(r *Rung, plan Plan) *prepared {
	if r.Top() || r.Resource != byRows {
		return p
	}
	var classes []int
	if plan.Target.Task.Classification() {
		classes = make([]int, len(p.Y))
		for i, y := range p.Y {
			classes[i] = int(y)
		}
	}
	less := *p
	less.folds = make([]validate.Fold, len(p.folds))
	for f, fold := range p.folds {
		less.folds[f] = validate.Fold{Train: validate.Subsample(fold.Train, classes, r.Share, seed.Derive(plan.Config.Seed, "rung")), Test: fold.Test}
	}
	return &less
}

// configuration is what a trial fits: on a rung by rounds, with a share of them.
func (t Trial) configuration() pipeline.Configuration {
	c := pipeline.Configuration{Learner: t.Learner, Params: t.Params, Features: t.Features}
	length, whole := model.Length(t.Learner, t.Params)
	if t.Rung.Top() || t.Rung.Resource != byRounds || length == "" {
		return c
	}
	c.Params = maps.Clone(t.Params)
	if c.Params == nil {
		c.Params = map[string]any{}
	}
	c.Params[length] = max(math.Round(t.Rung.Share*float64(whole)), 1)
	return c
}
