package training

import (
	"fmt"
	"strings"

	"github.com/foretell-ml/foretell/pkg/internal/document"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/source"
)

// Config is a run config: YAML or JSON. Only Data.Source and Data.Target are required; the
// rest has the defaults stated here, and Resolve fills them in.
type Config struct {
	// Model is the name to register under. Default: the last part of the source.
	Model registry.ModelName `json:"model"`
	Data  DataConfig         `json:"data"`
	// Validation says how trials are judged. Default: 5 folds.
	Validation ValidationConfig `json:"validation"`
	// Metric chooses the best trial. Default: roc_auc (binary), log_loss (multiclass),
	// rmse (regression).
	Metric string `json:"metric,omitempty"`
	// Search says which points of the configurations are tried. Default: a portfolio.
	Search SearchConfig `json:"search"`
	// Configurations are the learners to explore. Default: all that suit the task.
	Configurations []Configuration `json:"configurations,omitempty"`
	// Ensemble says how the best configurations become one model. Default: up to 25 steps of
	// greedy selection.
	Ensemble EnsembleConfig `json:"ensemble"`
	// Calibration is of probabilities: none, temperature, platt, isotonic, or the one of these
	// that lowers the log loss most, if one does beyond noise: auto, the default.
	Calibration string `json:"calibration"`
	// Decision is which class is served. Default: the likeliest.
	Decision DecisionConfig `json:"decision,omitzero"`
	// Intervals are of predicted values. Default: none.
	Intervals IntervalsConfig `json:"intervals,omitzero"`
	// Serve bounds what may be served. Default: no bounds.
	Serve ServeConfig `json:"serve,omitzero"`
	// Accept names reasons not to train, as a run that was blocked by them has it, to train in
	// spite of: leakage:<column>, classes:<class> or classes, constraints:<column> or
	// constraints, rows, target. They stay with the model. Default: none.
	Accept []string `json:"accept,omitempty"`
	// Promote says when the alias champion moves to the new version.
	Promote PromoteConfig `json:"promote"`
	// Segments are columns by whose values the new version is looked at.
	Segments SegmentsConfig `json:"segments,omitzero"`
	// Budget bounds what the run may take. Default: no bound.
	Budget BudgetConfig `json:"budget,omitzero"`
	// Schedule trains the model again, on the data as it is then: cron(…), rate(…), or when new
	// data has come. Default: never.
	Schedule ScheduleConfig `json:"schedule,omitzero"`
	// Seed of every random choice. Default 0.
	Seed uint64 `json:"seed"`
}

// Fault is one thing wrong in a config.
type Fault document.Fault

// String is "line:column: pointer: detail", without what is not known.
func (f Fault) String() string {
	text := f.Detail
	if f.Pointer != "" {
		text = f.Pointer + ": " + text
	}
	if f.Line > 0 {
		text = fmt.Sprintf("%d:%d: %s", f.Line, f.Column, text)
	}
	return text
}

// ConfigError lists everything wrong in a config.
type ConfigError struct{ Faults []Fault }

func (e *ConfigError) Error() string {
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = f.String()
	}
	return "run config: " + strings.Join(lines, "; ")
}

// checked fills in the defaults and checks a config.
func (c Config) checked() (Config, error) {
	c = c.resolve()
	if faults := c.faults(); len(faults) > 0 {
		return Config{}, &ConfigError{faults}
	}
	return c, nil
}

// Read returns the config with its data read in another way, as ParseConfig would.
func (c Config) Read(r source.Reading) (Config, error) {
	c.Data.Reading = r
	return c.checked()
}

// below makes faults of a document that lies at a pointer in the config.
func below(pointer string, faults []document.Fault) []Fault {
	all := make([]Fault, len(faults))
	for i, f := range faults {
		all[i] = Fault{pointer + f.Pointer, f.Detail, f.Line, f.Column}
	}
	return all
}

// resolve fills in the defaults that do not depend on the data.
func (c Config) resolve() Config {
	if c.Model == "" {
		c.Model = registry.ModelName(registry.NameFrom(c.Data.Source))
	}
	c.Validation = c.Validation.resolve()
	c.Search = c.Search.resolve(len(c.Configurations) > 0)
	c.Ensemble = c.Ensemble.resolve()
	if c.Calibration == "" {
		c.Calibration = calibrateIfBetter
	}
	c.Promote = c.Promote.resolve()
	return c
}

// faults checks a resolved config as far as that goes without the data.
func (c Config) faults() []Fault {
	var faults faultList
	if err := c.Model.Validate(); err != nil && (c.Data.Source != "" || c.Model != "") {
		faults.add("/model", "%v", err)
	}
	c.Data.faults(&faults)
	c.Validation.faults(&faults)
	c.steeringFaults(&faults)
	c.acceptFaults(&faults)
	if c.Metric != "" {
		if _, err := metric.ByName(c.Metric); err != nil {
			faults.add("/metric", "%v", err)
		}
	}
	c.Schedule.faults(&faults)
	c.Ensemble.faults(&faults)
	calibrationFaults(c.Calibration, &faults)
	c.Decision.faults(&faults)
	c.intervalsFaults(&faults)
	c.Serve.faults(&faults)
	c.Promote.faults(&faults)
	c.Segments.faults(&faults)
	c.Budget.faults(&faults)
	c.searchFaults(&faults)
	return faults
}

// faultList collects what is wrong.
type faultList []Fault

func (l *faultList) add(pointer, format string, args ...any) {
	*l = append(*l, Fault{Pointer: pointer, Detail: fmt.Sprintf(format, args...)})
}
