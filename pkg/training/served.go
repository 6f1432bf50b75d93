package training

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// Served is what one model takes to serve, as the first fold's tells: bytes as they are stored,
// and nanoseconds for a row by its work, on the machine that unitTimes was measured on. Members
// of equal encoding share the encoder, so that it stands by itself.
type Served struct {
	EncoderBytes       int     `json:"encoder_bytes"`
	EncoderNanoseconds float64 `json:"encoder_nanoseconds"`
	ModelBytes         int     `json:"model_bytes"`
	ModelNanoseconds   float64 `json:"model_nanoseconds"`
}

// unitTimes are nanoseconds per unit of work of a prediction (see work) for a single row, on one
// core of an AMD Zen 3 that others used as well, November 2026: what trees want from memory
// is seldom in the caches of a function that has other things to do between requests.
var unitTimes = map[string]float64{
	"baseline": 1, "bayes": 3, "boosting": 20, "forest": 55, "glm": 6, "knn": 0.7, "linear": 6, "logistic": 6, "mlp": 1.2,
}

const (
	columnTime = 15  // nanoseconds of a column that an encoder makes
	callTime   = 400 // of a call, to an encoder or a model
)

// work is how much of a model one row touches: of trees the nodes on the ways to their leaves,
// taken as the logarithm of their number and one to be on the safe side; of all else every number
// that the model has.
func work(s model.State) float64 {
	numbers, nodes, trees := 0, 0, 0
	for name, t := range s.Tensors {
		n := 1
		for _, length := range t.Shape {
			n *= length
		}
		numbers += n
		switch name {
		case "tree_start":
			trees = n - 1
		case "feature":
			nodes = n
		}
	}
	if trees > 0 {
		return float64(float64(trees) * (math.Log2(float64(nodes)/float64(trees)) + 1))
	}
	return float64(numbers)
}

// servedBy says what a pipeline of one member takes.
func servedBy(p *pipeline.Pipeline) (Served, error) {
	m := p.Members[0]
	encoder, err := json.Marshal(m.Encoder)
	if err != nil {
		return Served{}, err
	}
	state := m.Model.State()
	found := Served{
		EncoderBytes:       len(encoder),
		EncoderNanoseconds: callTime + float64(columnTime*float64(len(m.Encoder.Names()))),
		ModelBytes:         len(state.Params),
		ModelNanoseconds:   callTime + float64(unitTimes[state.Learner]*work(state)),
	}
	for _, t := range state.Tensors {
		found.ModelBytes += len(t.Bytes)
	}
	return found, nil
}

// bounds says which candidates can be served together within the config's bounds. Of trials of
// which it is not known what they take, that is found out when the final model is measured, unless the
// config has bounds of its own.
func (c Config) bounds(list []Standing, folds int) (func(members []int) bool, error) {
	latency, err := c.Serve.latency()
	if err != nil {
		return nil, err
	}
	size, err := c.Serve.size()
	if err != nil {
		return nil, err
	}
	times := 1
	if c.Ensemble.Bagged {
		times = folds
	}
	return func(members []int) bool {
		nanoseconds, bytes := 0.0, 0
		var encoded []string
		for _, m := range members {
			s := list[m].Served
			if s == nil {
				if c.Serve != (ServeConfig{}) {
					return false
				}
				s = &Served{}
			}
			nanoseconds += s.ModelNanoseconds
			bytes += s.ModelBytes
			key := fmt.Sprint(model.NeedsOf(list[m].Learner), list[m].Features) // maps print sorted
			if !slices.Contains(encoded, key) {
				encoded = append(encoded, key)
				nanoseconds += s.EncoderNanoseconds
				bytes += s.EncoderBytes
			}
		}
		return float64(float64(times)*nanoseconds) <= float64(latency) && int64(times*bytes) <= size
	}, nil
}

// breach measures the final model and says which bound it breaks, or "": the size of its artifact
// and, if there is a clock, the median time of single rows once it is warm.
func (e *Engine) breach(plan Plan, data *prepared, fitted *pipeline.Pipeline, artifact int64) (string, error) {
	size, err := plan.Config.Serve.size()
	if err != nil {
		return "", err
	}
	if artifact > size {
		return fmt.Sprintf("the artifact has %.3g MB, serve.max_size is %s", float64(artifact)/1e6, cmp.Or(plan.Config.Serve.MaxSize, fmt.Sprintf("%dMiB by default", defaultMaxSize()))), nil
	}
	latency, err := plan.Config.Serve.latency()
	if err != nil || plan.Config.Serve.MaxLatency == "" || e.Now == nil {
		return "", err
	}
	const warm, timed = 20, 101
	var took []time.Duration
	for i := range warm + timed {
		row := data.Inputs.Select([]int{i % len(data.Y)})
		began := e.Now()
		if _, _, err := fitted.PredictIntervals(row); err != nil {
			return "", err
		}
		if i >= warm {
			took = append(took, e.Now().Sub(began))
		}
	}
	slices.Sort(took)
	if median := took[timed/2]; median > latency {
		return fmt.Sprintf("a row takes %v, serve.max_latency is %s", median.Round(time.Microsecond), plan.Config.Serve.MaxLatency), nil
	}
	return "", nil
}
