package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model"
)

// Scale is what the contributions of columns add up in.
type Scale string

// The scales. The first three are those of the members' scores, before calibration.
const (
	LogScale     Scale = "log"      // of the value
	LogOddsScale Scale = "log_odds" // of the second of two classes
	SoftmaxScale Scale = "softmax"  // a class's score, of which the softmax is its probability
	// Prediction is that of what is predicted: the value, or the probability of a class.
	PredictionScale Scale = "prediction"
)

var scales = map[model.Link]Scale{
	model.IdentityLink: PredictionScale, model.LogLink: LogScale, model.LogitLink: LogOddsScale,
	model.SoftmaxLink: SoftmaxScale, model.ProbabilityLink: PredictionScale,
}

// Explanation says what each column adds to a prediction: Base and all Contributions sum to Score,
// up to rounding.
type Explanation struct {
	Scale Scale
	// Exact says that contributions are Shapley values of the members' scores, as
	// model.ExplainerOf has them. Else they are those of what is predicted, calibration included,
	// estimated from the golden rows; that they sum to it is exact all the same.
	Exact bool
	Class int     // index of the class that it is about; 0 for regression
	Base  float64 // the score of no row in particular
	Score float64
	// Contributions are those of the columns of Schema.
	Contributions []float64
}

// Explain explains the predictions of rows: the value, the probability of the second of two
// classes, or of several that of the class which classes has for the row. It is asked of rows of
// the schema, as Predict is, and checks the context now and then.
//
// Where the scores of all members are of one link, their contributions are averaged as their
// predictions are. For scores that are no values, the mean of the members' scores is not quite
// the score of their mean prediction: probabilities are averaged, not log odds. Members of several
// links, and those whose scores are no sums, are explained by what they predict together.
func (p *Pipeline) Explain(ctx context.Context, t *dataset.Table, classes []int) ([]Explanation, error) {
	explainers, err := p.explainers()
	if errors.Is(err, model.ErrNotExplained) {
		return p.sampled(ctx, t, classes)
	} else if err != nil {
		return nil, err
	}
	return p.exact(ctx, t, classes, explainers)
}

// explainers are those of the members, if their scores can be averaged.
func (p *Pipeline) explainers() ([]model.Explainer, error) {
	all := make([]model.Explainer, len(p.Members))
	for i, m := range p.Members {
		var err error
		if all[i], err = model.ExplainerOf(m.Model, nil); err != nil {
			return nil, err
		}
		if shares, can := model.AsProbabilities(m.Model); can && all[0].Link() == model.ProbabilityLink {
			all[i] = shares
		}
		if link := all[i].Link(); link != all[0].Link() || p.Target.Offset != "" && link != model.LogLink {
			return nil, fmt.Errorf("member %d has scores of another link: %w", i+1, model.ErrNotExplained)
		} else if link == model.ProbabilityLink && p.Calibration != nil {
			// These would be probabilities, but not those that are served.
			return nil, fmt.Errorf("probabilities are calibrated: %w", model.ErrNotExplained)
		}
	}
	return all, nil
}

// explainedAtOnce is how many rows are explained between two looks at the context.
const explainedAtOnce = 64

// exact is the weighted mean of the members' contributions, brought together by input column.
func (p *Pipeline) exact(ctx context.Context, t *dataset.Table, classes []int, explainers []model.Explainer) ([]Explanation, error) {
	link := explainers[0].Link()
	all := make([]Explanation, 0, t.Rows())
	for begin := 0; begin < t.Rows(); begin += explainedAtOnce {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rows := make([]int, min(explainedAtOnce, t.Rows()-begin))
		for i := range rows {
			rows[i] = begin + i
			class := 0
			if p.Target.Task.Classification() {
				class = 1
				if len(p.Target.Classes) > 2 {
					class = classes[begin+i]
				}
			}
			all = append(all, Explanation{Scale: scales[link], Exact: true, Class: class, Contributions: make([]float64, len(p.Schema))})
		}
		if err := p.exactRows(t.Select(rows), all[begin:], explainers); err != nil {
			return nil, err
		}
	}
	return all, p.addOffsets(t, all)
}

// exactRows explains some rows.
func (p *Pipeline) exactRows(t *dataset.Table, to []Explanation, explainers []model.Explainer) error {
	scores := explainers[0].Link().Scores(p.Target.Outputs())
	for i, m := range p.Members {
		x, err := m.Encoder.Transform(t)
		if err != nil {
			return err
		}
		columns := len(x.Columns)
		values, contributions := make([]float64, x.Rows*scores), make([]float64, x.Rows*scores*(columns+1))
		explainers[i].Score(values, x)
		explainers[i].Explain(contributions, x)
		at := make([]int, columns)
		for j, source := range m.Encoder.Sources() {
			at[j] = p.Schema.Index(source)
		}
		for row := range to {
			e, score := &to[row], 0
			if scores > 1 {
				score = e.Class
			}
			of := contributions[(row*scores+score)*(columns+1):][:columns+1]
			for j, v := range of[:columns] {
				e.Contributions[at[j]] += float64(m.Weight * v)
			}
			e.Base += float64(m.Weight * of[columns])
			e.Score += float64(m.Weight * values[row*scores+score])
		}
	}
	return nil
}

// addOffsets adds the logarithm of each row's exposure, which is the contribution of its column.
func (p *Pipeline) addOffsets(t *dataset.Table, all []Explanation) error {
	if p.Target.Offset == "" {
		return nil
	}
	offsets, err := p.Target.offsets(t)
	if err != nil {
		return err
	}
	column := p.Schema.Index(p.Target.Offset)
	for i := range all {
		all[i].Contributions[column] += offsets[i]
		all[i].Score += offsets[i]
	}
	return nil
}
