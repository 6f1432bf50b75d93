package training

import (
	"context"
	"errors"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// promotion is runs/<run>/promotion.json: what became of a contest. It is written before what shows
// the run, so that page and verdict say the same, whatever becomes of champion in between.
type promotion struct {
	Promoted bool   `json:"promoted"`
	Reason   string `json:"reason"`
}

// promotion returns what was recorded, or promotes and records it.
func (e *Engine) promotion(ctx context.Context, plan Plan, m registry.Manifest, c Contest) (p promotion, err error) {
	if err := e.read(ctx, plan.Run, "promotion.json", &p); !errors.Is(err, registry.ErrNotFound) {
		return p, err
	}
	if p.Promoted, p.Reason, err = e.promote(ctx, plan, m, c); err != nil {
		return p, err
	}
	if err := e.write(ctx, plan.Run.key("promotion.json"), p); err != nil {
		return p, err
	}
	return p, e.read(ctx, plan.Run, "promotion.json", &p) // that of another worker, if it was faster
}

// promote points champion at a version that won its contest, by compare-and-swap: champion must
// still be what the version was compared with, and not be so again, as after a rollback of what an
// earlier attempt promoted. If somebody else set it, the version is not promoted, and the verdict
// says so.
func (e *Engine) promote(ctx context.Context, plan Plan, m registry.Manifest, c Contest) (bool, string, error) {
	if !c.Promote {
		return false, c.Reason, nil
	}
	condition := registry.Condition{Absent: true}
	current, info, err := e.Registry.Alias(ctx, plan.Model, registry.Champion)
	switch {
	case err == nil && current.Version == m.Version:
		return true, current.Reason, nil // an earlier attempt got this far
	case err == nil && (current.Version != c.Champion || current.Revision != c.Revision):
		return false, movedMeanwhile(current), nil
	case err == nil:
		condition = registry.Condition{IfMatch: info.ETag}
	case !errors.Is(err, registry.ErrNotFound):
		return false, "", err
	}
	to := registry.Alias{Version: m.Version, Reason: c.Reason, By: "run " + string(plan.Run), At: e.now().UTC()}
	if current.Decision.Fits(m) { // it is the alias's, whichever version that names
		to.Decision = current.Decision
	}
	_, _, err = e.Registry.SetAlias(ctx, plan.Model, registry.Champion, to, condition)
	if errors.Is(err, registry.ErrConflict) {
		// The store may have refused a second try of a write whose first was answered too
		// late, or another worker may conclude the same run: both moved it to this version.
		now, _, err := e.Registry.Alias(ctx, plan.Model, registry.Champion)
		if err == nil && now.Version == m.Version {
			return true, now.Reason, nil
		}
		return false, movedMeanwhile(now), err
	}
	return err == nil, c.Reason, err
}

func movedMeanwhile(now registry.Alias) string {
	return fmt.Sprintf("champion was set to version %d while this run concluded; promote by hand if it should be this version", now.Version)
}
