package monitoring

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/emf"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/topology"
)

// Report is what a day was like for a model.
type Report struct {
	Model   registry.ModelName `json:"model"`
	Day     string             `json:"day"`     // of UTC
	Verdict profile.Verdict    `json:"verdict"` // the worst of the inputs of a version
	Reason  string             `json:"reason"`
	// Objects and Instances are what was written and by how many; Lost how many rows instances saw,
	// of any model, and could not write.
	Objects   int       `json:"objects"`
	Instances int       `json:"instances"`
	Lost      int       `json:"lost,omitempty"`
	Versions  []Version `json:"versions"` // in order of their numbers
	// Outcomes is what the outcomes that came this day say; absent if none came.
	Outcomes *Outcomes `json:"outcomes,omitempty"`
	// Warnings say what could not be looked at.
	Warnings []string `json:"warnings,omitempty"`
}

// Version is what a version of the model was asked and said.
type Version struct {
	Version int    `json:"version"`
	Digest  string `json:"digest"`
	// Seen are the rows it answered by role, Rows those that the sketches are of.
	Seen map[capture.Role]int `json:"seen"`
	Rows int                  `json:"rows"`
	// Drift compares its inputs with those of training, Shift its predictions with those of the day
	// before; absent if there is nothing to compare.
	Drift *profile.Drift `json:"drift,omitempty"`
	Shift *profile.Drift `json:"shift,omitempty"`
	// Outputs describe its predictions.
	Outputs []profile.Column `json:"outputs,omitempty"`
	// Shadow is how far it was off from what was answered, if it was a shadow.
	Shadow *Shadow `json:"shadow,omitempty"`
}

// Shadow summarizes capture.Difference.
type Shadow struct {
	Rows    int     `json:"rows"`
	Failed  int     `json:"failed,omitempty"`  // requests it could not answer
	Skipped int     `json:"skipped,omitempty"` // and those it was not asked for
	Mean    float64 `json:"mean"`              // distance
	Max     float64 `json:"max"`
	Changed float64 `json:"changed"` // share of rows with another class
	// Quantiles are distances that half, 90 % and 99 % of the rows do not exceed.
	Quantiles map[string]float64 `json:"quantiles,omitempty"`
}

func key(m registry.ModelName, day string) string {
	return "monitoring/" + string(m) + "/" + day + ".json"
}

// KindDrift is what a *registry.NotFoundError of Stored is about.
const KindDrift = "drift"

// Stored returns the report of a day (of the latest one if day is "") that was written. One that is
// not there is a *registry.NotFoundError, of the model if that is missing too.
func Stored(ctx context.Context, r *registry.Registry, m registry.ModelName, day string) (*Report, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	missing := func() error {
		if _, err := r.Versions(ctx, m); err != nil {
			return err
		}
		return &registry.NotFoundError{Kind: KindDrift, Name: strings.TrimSpace(fmt.Sprintf("report of model %s %s", m, day))}
	}
	if day == "" {
		for info, err := range r.Store.List(ctx, "monitoring/"+string(m)+"/") {
			if err != nil {
				return nil, err
			}
			day = strings.TrimSuffix(info.Key[strings.LastIndexByte(info.Key, '/')+1:], ".json") // in order of days
		}
		if day == "" {
			return nil, missing()
		}
	}
	if _, err := time.Parse(capture.DayForm, day); err != nil {
		return nil, missing() // it never becomes part of a key
	}
	var report Report
	_, err := registry.ReadJSON(ctx, r.Store, key(m, day), &report)
	if errors.Is(err, registry.ErrNotFound) {
		return nil, missing()
	}
	return &report, err
}

// conclude makes the verdict of the model from those of its versions.
func (r *Report) conclude() {
	r.Verdict, r.Reason = profile.Unjudged, "nothing was captured"
	for _, v := range r.Versions {
		if v.Drift != nil && (worse(v.Drift.Verdict, r.Verdict) || r.Reason == "nothing was captured") {
			r.Verdict, r.Reason = v.Drift.Verdict, fmt.Sprintf("version %d: %s", v.Version, v.Drift.Reason)
		}
	}
}

// worse reports whether a verdict is worse than another.
func worse(a, b profile.Verdict) bool {
	order := []profile.Verdict{profile.Unjudged, profile.Stable, profile.Moderate, profile.Severe}
	return slices.Index(order, a) > slices.Index(order, b)
}

// summarize makes of a difference what people read.
func summarize(d *capture.Difference) (*Shadow, error) {
	s := &Shadow{Rows: d.Rows, Failed: d.Failed, Skipped: d.Skipped, Max: d.Max}
	if d.Rows == 0 {
		return s, nil
	}
	s.Mean, s.Changed = d.Sum/float64(d.Rows), float64(d.Changed)/float64(d.Rows)
	s.Quantiles = map[string]float64{}
	for name, share := range map[string]float64{"0.5": 0.5, "0.9": 0.9, "0.99": 0.99} {
		v, err := d.Quantile(share)
		if err != nil {
			return nil, err
		}
		if !math.IsNaN(v) {
			s.Quantiles[name] = v
		}
	}
	return s, nil
}

// gathered is what was captured of one version.
type gathered struct {
	version         int
	digest          string
	seen            map[capture.Role]int
	rows            int
	inputs, outputs *profile.Partial
	difference      *capture.Difference
}

// add merges a series.
func (g *gathered) add(s capture.Series) error {
	g.seen[s.Role] += s.Seen
	if s.Role == capture.Shadow {
		if s.Difference == nil {
			return nil
		}
		if g.difference == nil {
			g.difference = &capture.Difference{}
		}
		return g.difference.Merge(s.Difference)
	}
	g.rows += s.Rows
	for _, part := range []struct {
		to   *profile.Partial
		from []byte
	}{{g.inputs, s.Inputs}, {g.outputs, s.Outputs}} {
		var p profile.Partial
		if err := p.UnmarshalBinary(part.from); err != nil {
			return err
		}
		if err := part.to.Merge(&p); err != nil {
			return err
		}
	}
	return nil
}

// gather merges what was captured of a model in a day, by digest. What cannot be read is a warning.
func gather(ctx context.Context, s registry.Store, m registry.ModelName, day time.Time, r *Report) (map[string]*gathered, error) {
	keys, err := capture.Keys(ctx, s, m, day)
	if err != nil {
		return nil, err
	}
	all := map[string]*gathered{}
	instances, lost := map[string]bool{}, map[string]int{}
	for _, key := range keys {
		o, err := capture.Read(ctx, s, key)
		if err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			r.warn("%s could not be read: %v", key, err)
			continue
		}
		r.Objects++
		instances[o.Instance] = true
		lost[o.Instance] = max(lost[o.Instance], o.Lost)
		for _, series := range o.Series {
			g := all[series.Digest]
			if g == nil {
				g = &gathered{version: series.Version, digest: series.Digest, seen: map[capture.Role]int{}, inputs: &profile.Partial{}, outputs: &profile.Partial{}}
				all[series.Digest] = g
			}
			if err := g.add(series); err != nil {
				r.warn("%s could not be merged: %v", key, err)
			}
		}
	}
	r.Instances = len(instances)
	for _, n := range lost {
		r.Lost += n
	}
	return all, nil
}

const mostWarnings = 100

func (r *Report) warn(format string, values ...any) {
	if len(r.Warnings) < mostWarnings {
		r.Warnings = append(r.Warnings, fmt.Sprintf(format, values...))
	}
}

// versions are the gathered ones in order of their numbers.
func versions(all map[string]*gathered) []*gathered {
	ordered := make([]*gathered, 0, len(all))
	for _, g := range all {
		ordered = append(ordered, g)
	}
	slices.SortFunc(ordered, func(a, b *gathered) int {
		if a.version != b.version {
			return a.version - b.version
		}
		return strings.Compare(a.digest, b.digest)
	})
	return ordered
}

// line is what CloudWatch makes metrics of.
func (r *Report) line(now time.Time) emf.Line {
	drifted, severe, rows := 0, 0, 0
	for _, v := range r.Versions {
		rows += v.Rows
		if v.Drift == nil {
			continue
		}
		for _, c := range v.Drift.Columns {
			if c.Verdict == profile.Moderate || c.Verdict == profile.Severe {
				drifted++
			}
			if c.Verdict == profile.Severe {
				severe++
			}
		}
	}
	return emf.Line{
		Namespace: topology.MetricNamespace, Time: now,
		Fields: []emf.Field{
			{Name: topology.DimensionFunction, Value: "monitor"}, {Name: topology.DimensionModel, Value: string(r.Model)},
			{Name: "Day", Value: r.Day}, {Name: "Verdict", Value: string(r.Verdict)}, {Name: "Reason", Value: r.Reason},
		},
		Groups: []emf.Group{{Sets: topology.ByFunctionAndModel, Metrics: []emf.Metric{
			{Name: topology.MetricDrifted, Unit: emf.Count, Value: float64(drifted)},
			{Name: topology.MetricSevereDrift, Unit: emf.Count, Value: float64(severe)},
			{Name: topology.MetricCaptured, Unit: emf.Count, Value: float64(rows)},
		}}},
	}
}
