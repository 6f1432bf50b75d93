package training

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/document"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/profile/expectation"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/search"
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
	// Search says which points of the configurations are tried. Default: 20 random ones.
	Search SearchConfig `json:"search"`
	// Configurations are the learners to explore. Default: all that suit the task.
	Configurations []Configuration `json:"configurations,omitempty"`
	// Promote says when the alias champion moves to the new version.
	Promote PromoteConfig `json:"promote"`
	// Schedule retrains on the data of the day: cron(…) or rate(…), as EventBridge has it.
	Schedule string `json:"schedule,omitempty"`
	// Seed of every random choice. Default 0.
	Seed uint64 `json:"seed"`
}

// DataConfig names the data.
type DataConfig struct {
	// Source is a file, a glob, a folder, s3://bucket/prefix/ or postgres://….
	Source string `json:"source"`
	// Target is the column to predict.
	Target string `json:"target"`
	// Task is regression, binary or multiclass. Default: inferred from the target.
	Task dataset.Task `json:"task,omitempty"`
	// Drop names columns to leave out, such as identifiers.
	Drop []string `json:"drop,omitempty"`
	// Reading says how the source is read: which columns and rows, their types or schema, and
	// how its text is written. A schema file is read where the config is: by the command.
	source.Reading
	// Constraints are what the data is expected to be like, here or in a file: a run whose data
	// is not like that trains nothing. The file is read where the config is: by the command.
	Constraints *expectation.Named `json:"constraints,omitempty"`
}

// ValidationConfig says how rows are split.
type ValidationConfig struct {
	// Scheme is kfold (default) or holdout; both keep class shares for classification.
	Scheme string `json:"scheme"`
	// Folds of kfold, 2 to 50. Default 5.
	Folds int `json:"folds,omitempty"`
	// Share of rows that holdout tests on, in (0, 1). Default 0.2.
	Share float64 `json:"share,omitempty"`
}

// SearchConfig says how many points are tried, and which.
type SearchConfig struct {
	// Strategy is random (default) or grid.
	Strategy search.Strategy `json:"strategy"`
	// Trials is the number of points, 1 to 10,000. Default 20 for random; for grid the
	// most that are allowed, by default 10,000.
	Trials int `json:"trials,omitempty"`
}

// Configuration is a learner with, for each hyperparameter, a value, a list, or a range.
type Configuration struct {
	Learner string         `json:"learner"`
	Params  map[string]any `json:"params,omitempty"`
}

// PromoteConfig is the promotion rule.
type PromoteConfig struct {
	// When is always (default): champion moves to the new version; or never: it stays.
	When string `json:"when"`
}

// Fault is one thing wrong in a config.
type Fault document.Fault

// ConfigError lists everything wrong in a config.
type ConfigError struct{ Faults []Fault }

func (e *ConfigError) Error() string {
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = f.Pointer + ": " + f.Detail
	}
	return "run config: " + strings.Join(lines, "; ")
}

// ParseConfig reads a config, fills in the defaults and checks it. What is wrong comes back
// as a *ConfigError with every fault at once.
func ParseConfig(text []byte) (Config, error) {
	var c Config
	if faults := document.Decode(text, &c); len(faults) > 0 {
		return Config{}, &ConfigError{below("", faults)}
	}
	return c.checked()
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
		all[i] = Fault{pointer + f.Pointer, f.Detail}
	}
	return all
}

// resolve fills in the defaults that do not depend on the data.
func (c Config) resolve() Config {
	if c.Model == "" {
		c.Model = registry.ModelName(registry.NameFrom(c.Data.Source))
	}
	if c.Validation.Scheme == "" {
		c.Validation.Scheme = "kfold"
	}
	if c.Validation.Scheme == "kfold" && c.Validation.Folds == 0 {
		c.Validation.Folds = 5
	}
	if c.Validation.Scheme == "holdout" && c.Validation.Share == 0 {
		c.Validation.Share = 0.2
	}
	if c.Search.Strategy == "" {
		c.Search.Strategy = search.RandomSearch
	}
	if c.Search.Strategy == search.RandomSearch && c.Search.Trials == 0 {
		c.Search.Trials = 20
	}
	if c.Promote.When == "" {
		c.Promote.When = "always"
	}
	return c
}

// scheduleForm is only the outer form: EventBridge checks the rest when it takes it.
var scheduleForm = regexp.MustCompile(`^(cron|rate)\([^()]+\)$`)

// faults checks a resolved config as far as that goes without the data.
func (c Config) faults() []Fault {
	var faults []Fault
	fault := func(pointer, format string, args ...any) {
		faults = append(faults, Fault{pointer, fmt.Sprintf(format, args...)})
	}
	if c.Data.Source == "" {
		fault("/data/source", "is required: a file, a folder, or s3://bucket/prefix/")
	}
	if c.Data.Target == "" {
		fault("/data/target", "is required: the column to predict")
	}
	if err := c.Model.Validate(); err != nil && (c.Data.Source != "" || c.Model != "") {
		fault("/model", "%v", err)
	}
	switch c.Data.Task {
	case "", dataset.Regression, dataset.Binary, dataset.Multiclass:
	default:
		fault("/data/task", "unknown task %q: want regression, binary or multiclass", c.Data.Task)
	}
	for _, name := range c.Data.Drop {
		if name == c.Data.Target {
			fault("/data/drop", "drops the target %q", name)
		}
	}
	reading := c.Data.Reading
	reading.Schema.File = "" // Submit wants it read, and so does the command
	faults = append(faults, below("/data", reading.Faults())...)
	if c.Data.Target != "" && c.Data.Schema.File == "" && !c.Data.Reads(c.Data.Target) {
		fault("/data/target", "%q is none of the columns to read", c.Data.Target)
	}
	if c.Data.Constraints != nil {
		faults = append(faults, below("/data/constraints", c.Data.Constraints.Faults())...)
	}
	v := c.Validation
	switch {
	case v.Scheme == "kfold" && (v.Folds < 2 || v.Folds > 50):
		fault("/validation/folds", "want 2 to 50, got %d", v.Folds)
	case v.Scheme == "kfold" && v.Share != 0:
		fault("/validation/share", "belongs to scheme holdout, not kfold")
	case v.Scheme == "holdout" && !(v.Share > 0 && v.Share < 1):
		fault("/validation/share", "want a share between 0 and 1, got %v", v.Share)
	case v.Scheme == "holdout" && v.Folds != 0:
		fault("/validation/folds", "belongs to scheme kfold, not holdout")
	case v.Scheme != "kfold" && v.Scheme != "holdout":
		fault("/validation/scheme", "unknown scheme %q: want kfold or holdout", v.Scheme)
	}
	if c.Metric != "" {
		if _, err := metric.ByName(c.Metric); err != nil {
			fault("/metric", "%v", err)
		}
	}
	if c.Schedule != "" && !scheduleForm.MatchString(c.Schedule) {
		fault("/schedule", "want cron(minute hour day month weekday year) or rate(n days), got %q", c.Schedule)
	}
	if c.Promote.When != "always" && c.Promote.When != "never" {
		fault("/promote/when", "unknown rule %q: want always or never", c.Promote.When)
	}
	return append(faults, c.searchFaults()...)
}

// Limits of what a config may explore: anybody who may start a run may post one, and it is
// drawn in full before it is accepted.
const (
	maxConfigurations = 100
	maxParams         = 100 // of one configuration
)

// searchFaults draws the trials and builds every learner, so that a parameter out of range
// is an error before anything starts. Of each configuration it reports the first trial that
// cannot be.
func (c Config) searchFaults() []Fault {
	if c.Search.Strategy == search.GridSearch && len(c.Configurations) == 0 {
		return []Fault{{"/configurations", "is required by strategy grid: the default ones hold ranges, which have no grid"}}
	}
	if n := len(c.Configurations); n > maxConfigurations {
		return []Fault{{"/configurations", fmt.Sprintf("want %d at most, got %d", maxConfigurations, n)}}
	}
	if c.Search.Trials < 0 || c.Search.Trials > 10_000 {
		return []Fault{{"/search/trials", fmt.Sprintf("want 1 to 10,000, got %d", c.Search.Trials)}}
	}
	var faults []Fault
	for i, configuration := range c.Configurations {
		if n := len(configuration.Params); n > maxParams {
			faults = append(faults, Fault{fmt.Sprintf("/configurations/%d/params", i), fmt.Sprintf("want %d at most, got %d", maxParams, n)})
		} else if _, err := search.ParseSpace(configuration.Params); err != nil {
			faults = append(faults, Fault{fmt.Sprintf("/configurations/%d/params", i), err.Error()})
		}
	}
	if len(faults) > 0 {
		return faults
	}
	trials, err := listTrials(c, c.Configurations)
	if err != nil {
		return []Fault{{"/search", err.Error()}}
	}
	faulty := make([]bool, len(c.Configurations))
	for _, t := range trials {
		if faulty[t.configuration] {
			continue // with thousands of trials, thousands of faults
		}
		if _, err := model.New(t.Learner, t.Params); err != nil {
			faulty[t.configuration] = true
			faults = append(faults, Fault{fmt.Sprintf("/configurations/%d", t.configuration), err.Error()})
		}
	}
	return faults
}
