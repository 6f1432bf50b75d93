package training

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// Contest is runs/<run>/contest.json: how the version that a run made did beside champion, on
// the same rows, and what the promotion rule makes of it. It is written before champion moves,
// so that the numbers are those that were decided by, whatever interrupts the run.
type Contest struct {
	Version int `json:"version"`
	// Champion is the version that it was compared with; 0 if the model had none.
	Champion int `json:"champion"`
	// Revision is that of the alias when it was compared: if it has another, somebody set it since.
	Revision    int          `json:"revision,omitempty"`
	Comparisons []Comparison `json:"comparisons,omitempty"`
	// Incomparable says why there is no comparison, if a champion is there.
	Incomparable string `json:"incomparable,omitempty"`
	// Feedback is what there was of promote.window: outcomes.
	Feedback *Feedback `json:"feedback,omitempty"`
	// Warnings say of what the comparison leaves out.
	Warnings []string `json:"warnings,omitempty"`
	// Segments are how good the version is by the values of the columns of segments.
	Segments []Segmented `json:"segments,omitempty"`
	Promote  bool        `json:"promote"`
	Reason   string      `json:"reason"`
}

// Comparison is how two versions did on rows that neither learned from.
type Comparison struct {
	On Rows `json:"on"`
	metric.Comparison
}

// Rows says which rows versions are compared on.
type Rows string

// The rows that versions are compared on.
const (
	HeldOut Rows = "held-out" // those that no trial saw, in this run and in those before
	// OutOfFold are the rows that both runs learned from, where none were held out: each side
	// has what was predicted for them by fits that did not know them.
	OutOfFold Rows = "out-of-fold"
	Fresh     Rows = "fresh" // of promote.window
	Live      Rows = "live"  // that the model was asked about and outcomes came for, of promote.window: outcomes
)

// contest returns what was recorded, or holds the contest and records it.
func (e *Engine) contest(ctx context.Context, plan Plan, m registry.Manifest, served *pipeline.Pipeline) (Contest, error) {
	var c Contest
	if err := e.read(ctx, plan.Run, "contest.json", &c); !errors.Is(err, registry.ErrNotFound) {
		return c, err
	}
	c, err := e.holdContest(ctx, plan, m, served)
	if err != nil {
		return Contest{}, err
	}
	if err := e.write(ctx, plan.Run.key("contest.json"), c); err != nil {
		return Contest{}, err
	}
	return c, e.read(ctx, plan.Run, "contest.json", &c) // that of another worker, if it was faster
}

func (e *Engine) holdContest(ctx context.Context, plan Plan, m registry.Manifest, served *pipeline.Pipeline) (Contest, error) {
	c := Contest{Version: m.Version}
	rule := plan.Config.Promote
	current, _, err := e.Registry.Alias(ctx, plan.Model, registry.Champion)
	switch {
	case errors.Is(err, registry.ErrNotFound):
		c.Promote, c.Reason = true, "first version"
	case err != nil:
		return Contest{}, err
	case current.Version == m.Version: // by hand, or by an attempt that got no further
		c.Promote, c.Reason = true, current.Reason
	case current.Version > m.Version:
		c.Champion, c.Revision = current.Version, current.Revision
		c.Reason = fmt.Sprintf("champion is already at version %d, which was made later", current.Version)
		return c, nil
	default:
		c.Champion, c.Revision = current.Version, current.Revision
		var why incomparable
		if err = e.compare(ctx, plan, served, current, &c); errors.As(err, &why) {
			c.Incomparable = string(why)
		} else if err != nil {
			return Contest{}, err
		}
		c.Promote, c.Reason = rule.decide(c)
	}
	if rule.When == whenNever {
		c.Promote, c.Reason = false, "the config says promote.when: never"
	}
	return c, e.look(ctx, plan, served, &c)
}

// look scores the version by segments, whose bounds hold whatever the rule is.
func (e *Engine) look(ctx context.Context, plan Plan, served *pipeline.Pipeline, c *Contest) (err error) {
	if len(plan.Config.Segments.Columns) == 0 {
		return nil
	}
	if c.Segments, err = e.segments(ctx, plan, served); err != nil {
		return err
	}
	if broken := unequal(c.Segments); broken != "" && c.Promote {
		c.Promote, c.Reason = false, broken
	}
	return nil
}

func (c *Contest) warn(format string, values ...any) {
	c.Warnings = append(c.Warnings, fmt.Sprintf(format, values...))
}

// incomparable says why there is nothing to compare two versions on. It is no failure of the run.
type incomparable string

func (why incomparable) Error() string { return string(why) }

// compare scores a new version and champion on the same rows.
func (e *Engine) compare(ctx context.Context, plan Plan, served *pipeline.Pipeline, champion registry.Alias, c *Contest) error {
	by, err := metric.ByName(plan.Metric)
	if err != nil {
		return err
	}
	all, err := e.sides(ctx, plan, served, champion, c)
	if err != nil {
		return err
	}
	var found []Comparison
	for i, s := range all {
		compared, err := by.Compare(ctx, s.y, s.own, s.champion, s.weights, plan.Target.Outputs(), plan.Config.Promote.Confidence, seed.Derive(plan.Config.Seed, "contest", i))
		if errors.Is(err, metric.ErrUndefined) && s.on == Live {
			c.warn("promote.window: outcomes: the %d rows cannot be scored: %v; the versions are not compared on them", len(s.y), err)
			continue
		}
		if errors.Is(err, metric.ErrUndefined) {
			return incomparable(fmt.Sprintf("the %s rows cannot be scored: %v", s.on, err))
		}
		if err != nil {
			return err
		}
		found = append(found, Comparison{s.on, compared})
	}
	c.Comparisons = found
	return nil
}

// decide applies the rule to a contest with a champion.
func (p PromoteConfig) decide(c Contest) (promote bool, reason string) {
	switch {
	case p.When == whenAlways:
		return true, fmt.Sprintf("replaces version %d: the config says promote.when: always", c.Champion)
	case c.Incomparable != "":
		return false, fmt.Sprintf("not comparable with version %d: %s", c.Champion, c.Incomparable)
	}
	var said []string
	for _, on := range c.Comparisons {
		said = append(said, on.describe())
		if p.When == whenBetter && !(on.Low > p.MinimumGain) {
			bound := ""
			if p.MinimumGain > 0 {
				bound = fmt.Sprintf(" by %.4g", p.MinimumGain)
			}
			return false, fmt.Sprintf("not proven better than version %d%s: %s", c.Champion, bound, on.describe())
		}
		if p.When == whenNotWorse && on.High < 0 {
			return false, fmt.Sprintf("worse than version %d: %s", c.Champion, on.describe())
		}
	}
	how := "better"
	if p.When == whenNotWorse {
		how = "not worse"
	}
	return true, fmt.Sprintf("%s than version %d: %s", how, c.Champion, strings.Join(said, "; "))
}

func (c Comparison) describe() string {
	return fmt.Sprintf("%s gains %.4g (%.4g to %.4g at %.4g %%) on %d %s rows", c.Metric, c.Gain, c.Low, c.High, 100*c.Confidence, c.Rows, c.On)
}
