package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/nearest"
)

// Names of the learners, as configs and artifacts write them.
const (
	baselineName = "baseline"
	bayesName    = "bayes"
	boostingName = "boosting"
	forestName   = "forest"
	glmName      = "glm"
	knnName      = "knn"
	linearName   = "linear"
	logisticName = "logistic"
	mlpName      = "mlp"
)

// family is one kind of learner: what it does, what it asks of its columns, how its params
// are read and its models brought back.
type family struct {
	name   string
	tasks  []dataset.Task
	needs  Needs
	decode func(params map[string]any) (Learner, error)
	load   func(State) (Model, error)
}

// families lists every learner, by name.
func families() []family {
	all := []dataset.Task{dataset.Regression, dataset.Binary, dataset.Multiclass}
	sums := Needs{Complete: true, Scale: true}
	return []family{
		{baselineName, all, Needs{}, decoder(baselineName, Baseline{}), loadBaseline},
		{bayesName, all[1:], Needs{Categories: true}, decoder(bayesName, DefaultBayes()), loadBayes},
		{boostingName, all, Needs{Categories: true}, decoder(boostingName, DefaultBoosting()), loadBoosting},
		{forestName, all, Needs{Categories: true}, decoder(forestName, DefaultForest()), loadForest},
		{glmName, all[:1], sums, decoder(glmName, DefaultGLM()), loadGLM},
		{knnName, all, sums, decoder(knnName, DefaultKNN()), loadKNN},
		{linearName, all[:1], sums, decoder(linearName, DefaultLinear()), loadLinear},
		{logisticName, all[1:], sums, decoder(logisticName, DefaultLogistic()), loadLogistic},
		{mlpName, all, sums, decoder(mlpName, DefaultMLP()), loadMLP},
	}
}

// ParamError is a fault of one parameter of a learner's configuration.
type ParamError struct {
	Learner string
	Param   string
	Err     error
}

func (e *ParamError) Error() string {
	return fmt.Sprintf("learner %q, parameter %q: %v", e.Learner, e.Param, e.Err)
}

func (e *ParamError) Unwrap() error { return e.Err }

// Learners returns the names of the learners that do a task, sorted.
func Learners(task dataset.Task) []string {
	var names []string
	for _, f := range families() {
		if slices.Contains(f.tasks, task) {
			names = append(names, f.name)
		}
	}
	return names
}

// New returns the learner of that name with its defaults overridden by params, whose keys
// are the learner's JSON field names and whose values are as a YAML or JSON decoder leaves
// them. An unknown name, an unknown key, a wrong type or a value out of range is an error;
// all faults of params are reported together, each as a *ParamError.
func New(learner string, params map[string]any) (Learner, error) {
	var names []string
	for _, f := range families() {
		if f.name == learner {
			return f.decode(params)
		}
		names = append(names, f.name)
	}
	return nil, fmt.Errorf("unknown learner %q%s", learner, nearest.Hint(learner, names))
}

// Load brings back the model of a State. States come from files: one that is damaged,
// inconsistent or hostile gives an error and never a panic.
func Load(s State) (Model, error) {
	for _, f := range append(families(), family{name: blendName, load: loadBlend}) {
		if f.name != s.Learner {
			continue
		}
		m, err := f.load(s)
		if err != nil {
			return nil, fmt.Errorf("load %s model: %w", f.name, err)
		}
		return m, nil
	}
	return nil, fmt.Errorf("load model: unknown learner %q", s.Learner)
}

// decoder returns the function that reads params over the defaults. The known keys are
// those that the defaults have as JSON, so a field of a learner must not omit itself when
// empty.
func decoder[L interface {
	Learner
	Validate() error
}](name string, defaults L) func(map[string]any) (Learner, error) {
	return func(params map[string]any) (Learner, error) {
		known, err := jsonKeys(defaults)
		if err != nil {
			return nil, err
		}
		learner := defaults
		var faults []error
		for _, key := range slices.Sorted(maps.Keys(params)) {
			if !slices.Contains(known, key) {
				faults = append(faults, &ParamError{name, key, errors.New("there is no such parameter" + nearest.Hint(key, known))})
			} else if err := setParam(&learner, key, params[key]); err != nil {
				faults = append(faults, &ParamError{name, key, err})
			}
		}
		if err := errors.Join(append(faults, learner.Validate())...); err != nil {
			return nil, err
		}
		return learner, nil
	}
}

// setParam decodes {key: value} over the struct that learner points to.
func setParam(learner any, key string, value any) error {
	if n, ok := value.(json.Number); ok {
		// 31.0 is as good an integer as 31, as it is when a decoder gives float64.
		if f, err := n.Float64(); err == nil {
			if _, err := n.Int64(); err != nil {
				value = f
			}
		}
	}
	if value == nil {
		return errors.New("has no value; leave it out for the default")
	}
	text, err := json.Marshal(map[string]any{key: value})
	if err != nil {
		return fmt.Errorf("%v is not a value: %w", value, err)
	}
	var mistyped *json.UnmarshalTypeError
	if err := json.Unmarshal(text, learner); errors.As(err, &mistyped) {
		return fmt.Errorf("want %s, got %v", jsonType(mistyped), value)
	} else if err != nil {
		return err
	}
	return nil
}

// jsonType names the type that a field wants in the words of a config file.
func jsonType(e *json.UnmarshalTypeError) string {
	switch kind := e.Type.Kind().String(); {
	case strings.HasPrefix(kind, "int"), strings.HasPrefix(kind, "uint"):
		return "a whole number"
	case strings.HasPrefix(kind, "float"):
		return "a number"
	case kind == "bool":
		return "true or false"
	case kind == "string":
		return "text"
	case kind == "slice":
		return "a list"
	default:
		return "an object"
	}
}

func jsonKeys(v any) ([]string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(fields)), nil
}

// decodeStateParams reads a State's params strictly.
func decodeStateParams(s State, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(s.Params))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("params: %w", err)
	}
	return nil
}
