package training

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/profile/expectation"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// A model that was trained on data that is wrong looks good, and is found out when it costs
// something. So a run looks at its data first, and trains nothing if there is a reason not to.
// Who knows better says so by the reason's name (Config.Accept), which stays with the model.

// Gate is a reason not to train.
type Gate struct {
	// Name is what Config.Accept calls it: constraints, or constraints:<column>;
	// leakage:<column>; classes:<class>; rows; target.
	Name   string `json:"name"`
	Column string `json:"column,omitempty"`
	// Evidence is what was seen, with numbers; Remedy what can be done.
	Evidence string `json:"evidence"`
	Remedy   string `json:"remedy"`
}

// Gates is runs/<run>/gates.json. It is there if there were reasons not to train: a run with
// blocking ones ends with it, and one whose reasons were all accepted went on.
type Gates struct {
	Blocking []Gate `json:"blocking,omitempty"`
	Accepted []Gate `json:"accepted,omitempty"`
	// Violations are all of data.constraints, undecided ones among them, if one of them blocks.
	Violations []expectation.Violation `json:"violations,omitempty"`
}

// The kinds of gates: what their names begin with.
const (
	gateConstraints = "constraints" // data.constraints is broken
	gateLeakage     = "leakage"     // a column tells the target as nothing honest does
	gateClasses     = "classes"     // a class has too few rows to judge it
	gateRows        = "rows"        // there are too few rows to judge anything
	gateTarget      = "target"      // there is nothing to predict
)

// BlockedError says why a run trains nothing.
type BlockedError struct {
	Source string
	Gates  Gates
}

// shownGates is how many gates the message lists; the run's gates.json has all.
const shownGates = 20

func (e *BlockedError) Error() string {
	lines := []string{fmt.Sprintf("%s was not trained on", e.Source)}
	for i, g := range e.Gates.Blocking {
		if i == shownGates {
			lines = append(lines, fmt.Sprintf("and %d more", len(e.Gates.Blocking)-i))
			break
		}
		lines = append(lines, g.Name+": "+g.Evidence)
	}
	return strings.Join(lines, "; ")
}

// block notes a reason not to train.
func (p *Plan) block(kind, of, column, evidence, remedy string) {
	name := kind
	if of != "" {
		name += ":" + of
	}
	p.found = append(p.found, Gate{Name: name, Column: column, Evidence: evidence, Remedy: remedy})
}

// pass parts the reasons that were found into those that were accepted, which are noted, and
// those that block, which are a *BlockedError.
func (p *Plan) pass() error {
	gates := Gates{}
	used := map[string]bool{}
	for _, g := range p.found {
		kind, _, _ := strings.Cut(g.Name, ":")
		by := g.Name
		if !slices.Contains(p.Config.Accept, by) && (kind == gateClasses || kind == gateConstraints) {
			by = kind // all of the kind
		}
		if !slices.Contains(p.Config.Accept, by) {
			gates.Blocking = append(gates.Blocking, g)
			continue
		}
		used[by] = true
		gates.Accepted = append(gates.Accepted, g)
	}
	if len(gates.Blocking) > 0 {
		if slices.ContainsFunc(gates.Blocking, func(g Gate) bool { return strings.HasPrefix(g.Name, gateConstraints) }) {
			gates.Violations = p.violations
		}
		return &BlockedError{p.Config.Data.Source, gates}
	}
	p.Accepted = gates.Accepted
	for _, g := range gates.Accepted {
		p.Warnings = append(p.Warnings, "accepted "+g.Name+": "+g.Evidence)
	}
	for _, name := range p.Config.Accept {
		if !used[name] {
			p.Warnings = append(p.Warnings, fmt.Sprintf("accept names %s, which nothing was found of", name))
		}
	}
	return nil
}

// accepted are the names of what was accepted.
func (p *Plan) accepted() (names []string) {
	for _, g := range p.Accepted {
		names = append(names, g.Name)
	}
	return names
}

// look profiles the data and notes what is wrong with it, as far as a profile tells: of all
// columns if the config has constraints, else of the inputs and the target.
func (p *Plan) look(ctx context.Context, table *dataset.Table) error {
	c := p.Config
	target := table.Column(c.Data.Target)
	if target == nil {
		return nil // newPrepared says so
	}
	inputs := c.Inputs(table)
	seen := table
	if c.Data.Constraints == nil {
		var err error
		if seen, err = dataset.NewTable(append(slices.Clone(inputs.Columns), *target)...); err != nil {
			return err
		}
	}
	described, err := profile.New(ctx, seen, profile.Options{Target: c.Data.Target})
	if err != nil {
		return err
	}
	p.checkConstraints(described)
	p.checkLeakage(described, inputs)
	return nil
}

// Relations beyond which a leak blocks, whatever the severity of its alert: no honest column is
// known to tell so much of classes by its value (the best tells 0.86), or so much of anything
// by being filled.
const (
	leakByValue  = 0.9
	leakByFilled = 0.3
)

// checkLeakage notes inputs that tell the target as nothing honest does. What is only
// suspicious, such as a measurement that goes closely with the target, becomes a warning.
func (p *Plan) checkLeakage(described *profile.Profile, inputs *dataset.Table) {
	if described.Target == nil {
		return
	}
	for _, alert := range described.Alerts {
		if alert.Kind != profile.AlertLeakage {
			continue
		}
		for _, name := range alert.Columns {
			if inputs.Column(name) == nil || name == p.Config.Data.Offset {
				continue
			}
			beyond := alert.Severity == profile.SeverityError
			for _, r := range described.Target.Relations {
				if r.Column == name {
					beyond = beyond || r.Share >= leakByValue || r.Missing != nil && *r.Missing >= leakByFilled
				}
			}
			if evidence := fmt.Sprintf("column %q: %s", name, alert.Evidence); beyond {
				p.block(gateLeakage, name, name, evidence, alert.Remedy)
			} else {
				p.Warnings = append(p.Warnings, evidence+". "+alert.Remedy)
			}
		}
	}
}

// minRows is how many rows there must be: of fewer no score tells a good model from a bad one.
const minRows = 20

// checkRows notes rows and classes that are too few to judge a model by, of the rows that have
// a target.
func (p *Plan) checkRows(y []float64) {
	v := p.Config.Validation
	parts := 2 // that each class must have a row in
	if v.has("folds") && v.Scheme != schemeTime {
		parts = v.Folds
	}
	if least := max(minRows, 2*parts); len(y) < least {
		p.block(gateRows, "", "", fmt.Sprintf("there are %d rows to learn from and to test on; want %d", len(y), least), "Collect more rows")
	}
	if len(y) > 0 && !p.Target.Task.Classification() && slices.Min(y) == slices.Max(y) {
		p.block(gateTarget, "", p.Target.Name, fmt.Sprintf("every row has the target %v: there is nothing to predict", y[0]), "Look at how the data was chosen")
	}
	rows := make([]int, len(p.Target.Classes))
	for _, class := range y {
		if len(rows) > 0 {
			rows[int(class)]++
		}
	}
	for class, n := range rows {
		name := p.Target.Classes[class]
		switch {
		case n < parts:
			p.block(gateClasses, name, p.Target.Name, fmt.Sprintf("class %q has %d rows; to be in every part of the split it needs %d", name, n, parts),
				"Collect more rows of it, put it together with another class, or split into fewer folds")
		case n < 2*parts:
			p.Warnings = append(p.Warnings, fmt.Sprintf("class %q has %d rows, few to be judged in %d parts of the split: its scores are luck", name, n, parts))
		}
	}
}

// recordGates keeps what a run was blocked by, for those who ask how it stands, and returns the
// error that it was given.
func (e *Engine) recordGates(ctx context.Context, run RunID, err error) error {
	var blocked *BlockedError
	if errors.As(err, &blocked) {
		if failed := e.write(ctx, run.key("gates.json"), blocked.Gates); failed != nil {
			return errors.Join(err, failed)
		}
	}
	return err
}

// gates reads what was recorded; nil if nothing was.
func (e *Engine) gates(ctx context.Context, run RunID) (*Gates, error) {
	var found Gates
	err := e.read(ctx, run, "gates.json", &found)
	if errors.Is(err, registry.ErrNotFound) {
		return nil, nil
	}
	return &found, err
}
