package training

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/profile/expectation"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// ViolationError says that the data is not what data.constraints expects. Nothing was trained.
type ViolationError struct {
	Source     string
	Violations []expectation.Violation // undecided ones among them
}

// shownViolations is how many violations the message lists; the run's violations.json has all.
const shownViolations = 20

func (e *ViolationError) Error() string {
	lines := []string{fmt.Sprintf("%s is not as data.constraints expects", e.Source)}
	more := 0
	for _, v := range e.Violations {
		switch {
		case v.Undecided:
		case len(lines) > shownViolations:
			more++
		default:
			lines = append(lines, v.String())
		}
	}
	if more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "; ")
}

// checkConstraints compares the data with what the config expects of it. What the profile
// cannot decide becomes a warning of the plan, and the run goes on.
func (p *Plan) checkConstraints(ctx context.Context, table *dataset.Table) error {
	expected := p.Config.Data.Constraints
	if expected == nil {
		return nil
	}
	described, err := profile.New(ctx, table, profile.Options{})
	if err != nil {
		return err
	}
	found := expected.Check(described)
	if expectation.Broken(found) > 0 {
		return &ViolationError{p.Config.Data.Source, found}
	}
	for _, v := range found {
		p.Warnings = append(p.Warnings, "data.constraints: "+v.String())
	}
	return nil
}

// recordViolations keeps what was found, for those who ask how the run stands, and returns
// the error that it was given.
func (e *Engine) recordViolations(ctx context.Context, run RunID, err error) error {
	var violated *ViolationError
	if errors.As(err, &violated) {
		if failed := e.write(ctx, run.key("violations.json"), violated.Violations); failed != nil {
			return errors.Join(err, failed)
		}
	}
	return err
}

// violations reads what was recorded; nil if nothing was.
func (e *Engine) violations(ctx context.Context, run RunID) (found []expectation.Violation, err error) {
	err = e.read(ctx, run, "violations.json", &found)
	if errors.Is(err, registry.ErrNotFound) {
		return nil, nil
	}
	return found, err
}
