package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/feature"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/model"
)

// Configuration is a learner's name, its hyperparameters, and what columns are made of for it.
type Configuration struct {
	Learner string         `json:"learner"`
	Params  map[string]any `json:"params,omitempty"`
	// Features are methods for columns, by name, in place of what feature.Plan says.
	Features Features `json:"features,omitempty"`
}

// Features are the methods of columns, by name.
type Features map[string]feature.Method

// Check lists the methods that cannot be, by name, each as a *dataset.ColumnError: of a column
// that is not among the inputs of a target, of another type, or not for the learner.
func (f Features) Check(learner string, inputs dataset.Schema, target Target) []error {
	seen := slices.DeleteFunc(slices.Clone(inputs), func(f dataset.Field) bool { return f.Name == target.Offset })
	return encoding(Configuration{Learner: learner, Features: f}).Check(seen)
}

// Member is one of the models whose weighted mean a pipeline predicts: of values, or of
// probabilities class by class, which is a probability again. The mean is no worse than the
// worst of them by any convex loss, and in practice better than the best if they err differently.
type Member struct {
	Configuration Configuration
	// Encoder makes the model's columns of the table's. Members of equal encoding share one,
	// so that a request is encoded once for all of them.
	Encoder *feature.Encoder
	Model   model.Model
	Weight  float64 // above 0; those of a pipeline sum to 1

	fused *fused // nil if there is no such form
}

// maxMembers bounds what a hostile artifact can ask for.
const maxMembers = 1000

// Fit fits an encoder and a learner to data. The pipeline has no Reference and no golden rows
// yet: Finish adds them to the one that is kept.
func Fit(ctx context.Context, data Data, target Target, c Configuration, seed uint64) (*Pipeline, error) {
	return FitMembers(ctx, data, target, []Configuration{c}, []float64{1}, 1, seed)
}

// Resume is Fit from where one of the same data, configuration and seed had come to, or from the
// beginning if that is nil. If ctx ends in a fit that can be gone on with, it returns how far that
// came, with the error. The pipeline in the end is Fit's, bit for bit.
func Resume(ctx context.Context, data Data, target Target, c Configuration, from *model.Partial, seed uint64) (p *Pipeline, came *model.Partial, err error) {
	fit := func(learner model.Learner, x model.Data) (m model.Model, err error) {
		if r, can := learner.(model.Resumer); can {
			m, came, err = r.Resume(ctx, x, from, seed)
			return m, err
		}
		return learner.Fit(ctx, x, seed)
	}
	p, err = fitMembers(ctx, data, target, []Configuration{c}, []float64{1}, 1, seed, fit)
	return p, came, err
}

// FitMembers is Fit of several configurations, of which the pipeline predicts the mean. Weights
// are above 0; only their ratios count. Each encoding that is asked for is fitted once, and at most
// workers learners at a time (0: one per core), each of which has memory of its own. A member is the
// same, bit for bit, whichever others there are.
func FitMembers(ctx context.Context, data Data, target Target, cs []Configuration, weights []float64, workers int, seed uint64) (*Pipeline, error) {
	return fitMembers(ctx, data, target, cs, weights, workers, seed, func(learner model.Learner, x model.Data) (model.Model, error) {
		return learner.Fit(ctx, x, seed)
	})
}

func fitMembers(ctx context.Context, data Data, target Target, cs []Configuration, weights []float64, workers int, seed uint64, fit func(model.Learner, model.Data) (model.Model, error)) (*Pipeline, error) {
	p := &Pipeline{Schema: schema(data.Inputs), Target: target}
	data = data.weighed()
	offsets, err := target.offsets(data.Inputs)
	if err != nil {
		return nil, err
	}
	if target.Offset != "" {
		data.Inputs = data.Inputs.Without(target.Offset)
	}
	var encodings []encoded
	learners, of := make([]model.Learner, len(cs)), make([]int, len(cs)) // which encoding each has
	for i, c := range cs {
		if learners[i], err = model.New(c.Learner, c.Params); err != nil {
			return nil, err
		}
		options := encoding(c)
		at := slices.IndexFunc(encodings, func(e encoded) bool { return reflect.DeepEqual(e.options, options) })
		if at < 0 {
			y := feature.Target{Values: data.Y, Classes: len(target.Classes), Weights: data.Weights}
			by, x, err := feature.Fit(ctx, data.Inputs, y, options, seed)
			if err != nil {
				return nil, err
			}
			at, encodings = len(encodings), append(encodings, encoded{options, by, x})
		}
		of[i] = at
		p.Members = append(p.Members, Member{Configuration: c, Encoder: encodings[at].by, Weight: weights[i]})
	}
	err = par.For(ctx, len(cs), workers, func(i int) error {
		x := model.Data{X: encodings[of[i]].x, Y: data.Y, Weights: data.Weights, Offset: offsets, Task: target.Task, Classes: len(target.Classes)}
		m, err := fit(learners[i], x)
		if err != nil {
			return fmt.Errorf("%s: %w", cs[i].Learner, err)
		}
		p.Members[i].Model = m
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p, p.share()
}

// encoded is training data as some of the members see it.
type encoded struct {
	options feature.Options
	by      *feature.Encoder
	x       *dataset.Matrix
}

// Join makes one pipeline of several for the same schema and target, such as those of a run's
// folds: the mean of all their members, each pipeline counting the same. Nothing but members
// is taken over.
func Join(parts []*Pipeline) (*Pipeline, error) {
	if len(parts) == 0 {
		return nil, errors.New("pipeline: none to join")
	}
	joined := &Pipeline{Schema: parts[0].Schema, Target: parts[0].Target}
	for i, p := range parts {
		if !reflect.DeepEqual(p.Schema, joined.Schema) || !reflect.DeepEqual(p.Target, joined.Target) {
			return nil, fmt.Errorf("pipeline: number %d to join has another schema or target than the first", i+1)
		}
		joined.Members = append(joined.Members, p.Members...)
	}
	return joined, joined.share()
}

// share scales the weights to sum to 1, and lets members whose encoders are equal share one.
func (p *Pipeline) share() error {
	weights := make([]float64, len(p.Members))
	for i, m := range p.Members {
		weights[i] = m.Weight
	}
	total := num.Sum(weights)
	var encoders []*feature.Encoder
	for i := range p.Members {
		m := &p.Members[i]
		m.Weight /= total
		at := indexOf(encoders, m.Encoder)
		if at < 0 {
			at = len(encoders)
			encoders = append(encoders, m.Encoder)
		}
		m.Encoder = encoders[at]
	}
	if err := p.checkMembers(); err != nil {
		return err
	}
	p.fuse()
	return nil
}

// indexOf returns where an encoder, or one equal to it, stands in a list; or -1.
func indexOf(encoders []*feature.Encoder, e *feature.Encoder) int {
	for i, other := range encoders {
		if e == other || reflect.DeepEqual(e, other) {
			return i
		}
	}
	return -1
}

// checkMembers returns an error unless the members can predict the target together.
func (p *Pipeline) checkMembers() error {
	if n := len(p.Members); n == 0 || n > maxMembers {
		return fmt.Errorf("%d members, want 1 to %d", n, maxMembers)
	}
	weights := make([]float64, len(p.Members))
	for i, m := range p.Members {
		if !(m.Weight > 0 && m.Weight <= 1) {
			return fmt.Errorf("member %d: weight %v", i+1, m.Weight)
		}
		if m.Model.Outputs() != p.Target.Outputs() {
			return fmt.Errorf("member %d: its model predicts %d values, target %q needs %d", i+1, m.Model.Outputs(), p.Target.Name, p.Target.Outputs())
		}
		if width, want := len(m.Encoder.Names()), m.Model.Inputs(); width != want {
			return fmt.Errorf("member %d: its encoder makes %d columns, its model takes %d", i+1, width, want)
		}
		weights[i] = m.Weight
	}
	if sum := num.Sum(weights); !(math.Abs(sum-1) < 1e-9) {
		return fmt.Errorf("weights sum to %v", sum)
	}
	return nil
}

// schema describes the inputs, less the content of text columns: free text is where personal
// data hides, and no encoder asks for the texts that training saw.
func schema(inputs *dataset.Table) dataset.Schema {
	s := inputs.Schema()
	for i := range s {
		if s[i].Type == dataset.Text {
			s[i].Levels = nil
		}
	}
	return s
}

// encoding puts what a learner needs, and the configuration says, into the words of package feature.
func encoding(c Configuration) feature.Options {
	n := model.NeedsOf(c.Learner)
	return feature.Options{Impute: n.Complete, Scale: n.Scale, Codes: n.Categories, Columns: c.Features}
}
