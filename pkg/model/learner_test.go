package model_test

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model"
)

func TestLearners(t *testing.T) {
	want := map[dataset.Task]string{
		dataset.Regression: "baseline boosting forest glm knn linear mlp",
		dataset.Binary:     "baseline bayes boosting forest knn logistic mlp",
		dataset.Multiclass: "baseline bayes boosting forest knn logistic mlp",
		"clustering":       "",
	}
	for task, names := range want {
		if got := strings.Join(model.Learners(task), " "); got != names {
			t.Errorf("%s: %q, want %q", task, got, names)
		}
	}
}

// TestNew reads params as the decoders of YAML and JSON leave them.
func TestNew(t *testing.T) {
	boosting := model.DefaultBoosting()
	boosting.Leaves, boosting.LearningRate = 63, 0.05
	cases := []struct {
		learner string
		params  map[string]any
		want    model.Learner
	}{
		{"baseline", nil, model.Baseline{}},
		{"baseline", map[string]any{}, model.Baseline{}},
		{"linear", nil, model.DefaultLinear()},
		{"linear", map[string]any{"l2": 2, "intercept": false}, model.Linear{L2: 2, Degree: 1}},
		{"linear", map[string]any{"l2": uint64(2)}, model.Linear{L2: 2, Degree: 1, Intercept: true}},
		{"logistic", nil, model.Logistic{L2: 1}},
		{"logistic", map[string]any{"l2": 0.25}, model.Logistic{L2: 0.25}},
		{"logistic", map[string]any{"l2": json.Number("1e-3")}, model.Logistic{L2: 0.001}},
		{"boosting", map[string]any{"leaves": int64(63), "learning_rate": 0.05}, boosting},
		{"boosting", map[string]any{"leaves": 63.0, "learning_rate": json.Number("0.05")}, boosting},
		{"boosting", map[string]any{"leaves": json.Number("63.0"), "learning_rate": 5e-2}, boosting},
	}
	for _, c := range cases {
		got, err := model.New(c.learner, c.params)
		if err != nil {
			t.Errorf("%s %v: %v", c.learner, c.params, err)
		} else if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s %v: got %+v, want %+v", c.learner, c.params, got, c.want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	cases := []struct {
		learner string
		params  map[string]any
		want    []string // parts of the error
	}{
		{"bosting", nil, []string{`unknown learner "bosting"`, `did you mean "boosting"?`}},
		{"", nil, []string{"known are baseline, bayes, boosting, forest, glm, knn, linear, logistic and 1 more"}},
		{"svm", nil, []string{"known are baseline, bayes, boosting, forest, glm, knn, linear, logistic and 1 more"}},
		{"baseline", map[string]any{"l2": 1}, []string{`"l2"`, "there are none"}},
		{"linear", map[string]any{"l3": 1}, []string{`"l3"`, `did you mean "l1"?`}},
		{"linear", map[string]any{"L2": 1}, []string{`"L2"`, `did you mean "l2"?`}},
		{"linear", map[string]any{"degree": 0}, []string{`"degree"`, "0 is not 1 … 16"}},
		{"linear", map[string]any{"l1": 1, "choose_l2": true}, []string{`"choose_l2"`, "does not go with l1"}},
		{"glm", map[string]any{"power": 2.5, "l2": -1}, []string{`"power"`, "2.5 is not 1 … 2", `"l2"`}},
		{"linear", map[string]any{"gamma": 1}, []string{`"gamma"`, "known are choose_l2, degree, intercept, l1, l2"}},
		{"linear", map[string]any{"l2": "much"}, []string{`"l2"`, "want a number, got much"}},
		{"linear", map[string]any{"l2": nil}, []string{`"l2"`, "leave it out"}},
		{"linear", map[string]any{"l2": -1}, []string{`"l2"`, "-1 is not a finite number ≥ 0"}},
		{"linear", map[string]any{"l2": math.NaN()}, []string{`"l2"`, "NaN"}},
		{"linear", map[string]any{"l2": math.Inf(1)}, []string{`"l2"`, "Inf"}},
		{"linear", map[string]any{"l2": []any{1.0}}, []string{`"l2"`, "want a number"}},
		{"linear", map[string]any{"intercept": 1}, []string{`"intercept"`, "want true or false, got 1"}},
		{"boosting", map[string]any{"leaves": 31.5}, []string{`"leaves"`, "want a whole number, got 31.5"}},
		{"boosting", map[string]any{"leafs": 31, "learning_rate": "fast", "max_depth": -3},
			[]string{`did you mean "leaves"?`, `"learning_rate"`, `"max_depth"`}},
	}
	for _, c := range cases {
		learner, err := model.New(c.learner, c.params)
		if err == nil || learner != nil {
			t.Errorf("%s %v: got %+v, want an error", c.learner, c.params, learner)
			continue
		}
		for _, part := range c.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s %v: %v: does not say %q", c.learner, c.params, err, part)
			}
		}
		var fault *model.ParamError
		if len(c.params) > 0 && !errors.As(err, &fault) {
			t.Errorf("%s %v: %v is no *ParamError", c.learner, c.params, err)
		}
	}
}

// TestParamsHaveNames holds what New relies on: every field has its own snake_case key, in
// the JSON of the defaults even if it is zero.
func TestParamsHaveNames(t *testing.T) {
	for _, learner := range []any{model.Baseline{}, model.DefaultBoosting(), model.DefaultGLM(), model.DefaultKNN(), model.DefaultLinear(), model.DefaultLogistic(), model.DefaultMLP()} {
		text, err := json.Marshal(learner)
		if err != nil {
			t.Fatal(err)
		}
		var keys map[string]any
		if err := json.Unmarshal(text, &keys); err != nil {
			t.Fatal(err)
		}
		if fields := reflect.TypeOf(learner).NumField(); len(keys) != fields {
			t.Errorf("%T has %d fields and %d keys", learner, fields, len(keys))
		}
		for key := range keys {
			if key != strings.ToLower(key) || strings.Contains(key, " ") {
				t.Errorf("%T: key %q", learner, key)
			}
		}
	}
}

// FuzzNew: whatever a config says, New answers or refuses.
func FuzzNew(f *testing.F) {
	f.Add("linear", `{"l2": 1}`)
	f.Add("boosting", `{"leaves": 31.0, "rounds": 1e400}`)
	f.Add("logistic", `{"l2": {"log": [1, 2]}}`)
	f.Fuzz(func(t *testing.T, learner, text string) {
		var params map[string]any
		if json.Unmarshal([]byte(text), &params) != nil {
			return
		}
		got, err := model.New(learner, params)
		if (got == nil) == (err == nil) {
			t.Errorf("got %v and %v", got, err)
		}
	})
}
