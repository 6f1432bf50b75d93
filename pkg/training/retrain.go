package training

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/search"
)

// Champion is the version that a retrain starts from: its first trials are what that is made of,
// so that what proved itself is tried on the new data, whatever else the search comes to.
type Champion struct {
	Version int               `json:"version"`
	Members []registry.Member `json:"members"` // of the most weight first
}

// Retrain is a run that was submitted to follow champion.
type Retrain struct {
	Run     RunID
	Created bool // and not submitted before
	From    int  // the version that it starts from; 0: there is none
}

// Retrain submits a config on the data as it is now, to start from the configurations of champion.
// Which version that is names the run, beside config and data. If champion was made from the same
// config and data, its run is the answer, and nothing is trained twice.
func (e *Engine) Retrain(ctx context.Context, c Config) (Retrain, error) {
	fresh, s, err := e.submission(ctx, c)
	if err != nil {
		return Retrain{}, err
	}
	m, err := e.champion(ctx, c)
	if err != nil {
		return Retrain{}, fmt.Errorf("champion of model %s: %w", c.Model, err)
	}
	if made := RunID(m.Run); runForm.MatchString(m.Run) {
		var before submission
		if err := e.read(ctx, made, "config.json", &before); unless(err) != nil {
			return Retrain{}, err
		}
		from := before.Champion
		before.Champion = nil
		if c.Promote.Outcomes() { // there is nobody to be compared with by those that came since
			before.Window = s.Window
		}
		if name, err := before.name(); err != nil || name == fresh {
			return Retrain{Run: made, From: from.version()}, err
		}
	}
	if len(m.Members) > 0 {
		s.Champion = &Champion{m.Version, slices.SortedStableFunc(slices.Values(m.Members), func(a, b registry.Member) int {
			return cmp.Compare(b.Weight, a.Weight)
		})}
	}
	run, created, err := e.submit(ctx, s)
	return Retrain{run, created, s.Champion.version()}, err
}

// champion is the manifest of the version that answers for the model of a config; empty if there
// is none, or if it predicts another column.
func (e *Engine) champion(ctx context.Context, c Config) (registry.Manifest, error) {
	alias, _, err := e.Registry.Alias(ctx, c.Model, registry.Champion)
	if err != nil {
		return registry.Manifest{}, unless(err)
	}
	m, err := e.Registry.Version(ctx, c.Model, alias.Version)
	if err != nil || m.Target != c.Data.Target {
		return registry.Manifest{}, err
	}
	return m, nil
}

func (c *Champion) version() int {
	if c == nil {
		return 0
	}
	return c.Version
}

// start checks what a retrain starts from against the config, which may have changed since.
func (p *Plan) start() error {
	if p.Champion == nil {
		return nil
	}
	if p.Config.Search.Strategy == search.GridSearch {
		p.Warnings = append(p.Warnings, fmt.Sprintf("a grid is tried in full, and does not start from version %d", p.Champion.Version))
		return nil
	}
	s, err := p.Config.search(p.Target.Task, search.SizeOf(p.Rows, p.Columns))
	if err != nil {
		return err
	}
	if _, without := p.Champion.points(p.Config, s.Spaces); len(without) > 0 {
		p.Warnings = append(p.Warnings, fmt.Sprintf("version %d is made of %q too, which are not among the configurations, and are not tried", p.Champion.Version, without))
	}
	return nil
}

// points are the members as the spaces of a config have them, or have them nearest; without are
// the learners that it has no configuration of.
func (c *Champion) points(config Config, spaces []search.Space) (points []search.Point, without []string) {
	if c == nil {
		return nil, nil
	}
	for _, m := range c.Members {
		if p, ok := nearestPoint(m, config, spaces); ok {
			points = append(points, p)
		} else if !slices.Contains(without, m.Learner) {
			without = append(without, m.Learner)
		}
	}
	return points, without
}

// nearestPoint is a member as a config has it: of the configurations of its learner the first
// that has it as it is or, where none has, the first with the same features, or the first.
func nearestPoint(m registry.Member, config Config, spaces []search.Space) (nearest search.Point, ok bool) {
	best, features := 0, configuration(m).Features
	for i, own := range config.Configurations {
		if own.Learner != m.Learner {
			continue
		}
		p := search.Point{Space: i, Params: spaces[i].Adapt(m.Params)}
		likeness := 1
		if len(own.Features) == 0 && len(features) == 0 || reflect.DeepEqual(own.Features, features) {
			likeness = 2
			if sameParams(p.Params, m.Params) {
				likeness = 3
			}
		}
		if likeness > best {
			nearest, best = p, likeness
		}
	}
	return nearest, best > 0
}
