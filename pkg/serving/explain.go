package serving

import (
	"context"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// MaxExplained is how many rows of a request are explained: it takes as long as hundreds of
// predictions.
const MaxExplained = 1000

// Reasons are what each column adds to a prediction: Base and Contributions sum to Score.
type Reasons struct {
	// Scale is what they add up in: prediction, log, log_odds or softmax, as pipeline.Scale has it.
	Scale pipeline.Scale `json:"scale"`
	// Method is exact (Shapley values of the model's scores) or sampled (estimated).
	Method string  `json:"method"`
	Class  *string `json:"class,omitempty"` // that it is about
	Base   float64 `json:"base"`
	Score  float64 `json:"score"`
	// Contributions are by column, in the order of the schema.
	Contributions *ordered `json:"contributions"`
}

// explain adds reasons to predictions.
func (a *Response) explain(ctx context.Context, p *prepared, table *dataset.Table, output []float64) error {
	if n := table.Rows(); n > MaxExplained {
		return gateway.InvalidInstances.New(fmt.Sprintf("%d rows are to be explained, at most %d are; send fewer at a time", n, MaxExplained))
	}
	k := p.Target.Outputs()
	classes := make([]int, table.Rows())
	if p.Target.Task.Classification() {
		for i := range classes {
			classes[i] = p.Decide(output[i*k : (i+1)*k])
		}
	}
	explanations, err := p.Explain(ctx, table, classes)
	if err != nil {
		return err
	}
	for i, e := range explanations {
		r := &Reasons{Scale: e.Scale, Method: "sampled", Base: e.Base, Score: e.Score, Contributions: &ordered{p.columns, e.Contributions}}
		if e.Exact {
			r.Method = "exact"
		}
		if k > 1 {
			r.Class = &p.Target.Classes[e.Class]
		}
		a.Predictions[i].Reasons = r
	}
	return nil
}
