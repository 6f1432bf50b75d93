package monitoring

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/emf"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// Monitor makes reports.
type Monitor struct {
	Registry *registry.Registry
	Now      func() time.Time
	// Metrics is where a line for CloudWatch goes for each report of a day that is not over, or ended
	// within the hour; nil: nowhere. A day that is over says nothing new: an alarm would go on.
	Metrics io.Writer
}

// Event is what the schedule sends to the function: nothing, or what to look at.
type Event struct {
	Model registry.ModelName `json:"model"` // "" are all
	Day   string             `json:"day"`   // "" are today and yesterday
}

// Done is what a run answers.
type Done struct {
	Reports []string `json:"reports"` // the keys that were written
}

// Run writes the reports of today and yesterday, whose last objects may come after midnight, of all
// models of which something was captured or outcomes came. It is the Lambda handler of
// functions/monitor. One model that fails does not keep the others from theirs.
func (m *Monitor) Run(ctx context.Context, event Event) (Done, error) {
	done := Done{Reports: []string{}}
	days := []time.Time{m.Now().UTC().AddDate(0, 0, -1), m.Now().UTC()}
	if event.Day != "" {
		day, err := time.Parse(capture.DayForm, event.Day)
		if err != nil {
			return done, fmt.Errorf("day %q is not of the form %s", event.Day, capture.DayForm)
		}
		days = []time.Time{day}
	}
	models := []registry.ModelName{event.Model}
	if event.Model == "" {
		var err error
		if models, err = m.Registry.Models(ctx); err != nil {
			return done, err
		}
	}
	var errs []error
	for _, model := range models {
		for _, day := range days {
			written, err := m.renew(ctx, model, day)
			if written {
				done.Reports = append(done.Reports, key(model, day.Format(capture.DayForm)))
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("monitor model %s on %s: %w", model, day.Format(capture.DayForm), err))
			}
		}
	}
	return done, errors.Join(errs...)
}

// renew writes the report of a day, if there is anything to say. Drift comes first, with what was
// known of outcomes: to join those may take long, or fail.
func (m *Monitor) renew(ctx context.Context, model registry.ModelName, day time.Time) (written bool, err error) {
	report, err := m.drift(ctx, model, day)
	if err != nil {
		return false, err
	}
	var earlier Report
	if _, err := registry.ReadJSON(ctx, m.Registry.Store, key(model, report.Day), &earlier); err != nil && !errors.Is(err, registry.ErrNotFound) {
		report.warn("the report before could not be read: %v", err)
	}
	report.Outcomes = earlier.Outcomes
	if written = report.Objects > 0 || report.Outcomes != nil || len(report.Warnings) > 0; written {
		if err := m.write(ctx, report); err != nil {
			return false, err
		}
		if err := m.tell(report, day); err != nil {
			return true, err
		}
	}
	warned := len(report.Warnings)
	report.Outcomes, err = m.join(ctx, model, day, report, earlier.Outcomes)
	if err != nil || report.Outcomes == earlier.Outcomes && len(report.Warnings) == warned {
		return written, err
	}
	return true, m.write(ctx, report)
}

// write stores a report. It is the same whoever makes it of the same objects, and one of more
// objects comes later: the last writer wins.
func (m *Monitor) write(ctx context.Context, r *Report) error {
	_, err := registry.WriteJSON(ctx, m.Registry.Store, key(r.Model, r.Day), r, registry.Condition{})
	return err
}

// tell makes metrics of a report, unless its day has been over for an hour.
func (m *Monitor) tell(r *Report, day time.Time) error {
	if over := day.UTC().Truncate(24 * time.Hour).Add(25 * time.Hour); !m.Now().Before(over) {
		return nil
	}
	return emf.Write(m.Metrics, r.line(m.Now()))
}

// Day makes the report of a day, and writes nothing.
func (m *Monitor) Day(ctx context.Context, model registry.ModelName, day time.Time) (*Report, error) {
	report, err := m.drift(ctx, model, day)
	if err != nil {
		return nil, err
	}
	report.Outcomes, err = m.join(ctx, model, day, report, nil)
	return report, err
}

// drift makes the report of a day but for outcomes.
func (m *Monitor) drift(ctx context.Context, model registry.ModelName, day time.Time) (*Report, error) {
	report := &Report{Model: model, Day: day.UTC().Format(capture.DayForm), Versions: []Version{}}
	all, err := gather(ctx, m.Registry.Store, model, day, report)
	if err != nil {
		return nil, err
	}
	var before map[string]*gathered
	if len(all) > 0 { // the day before is only compared with: what is wrong with it stands in its own report
		if before, err = gather(ctx, m.Registry.Store, model, day.AddDate(0, 0, -1), &Report{}); err != nil {
			return nil, err
		}
	}
	for _, g := range versions(all) {
		v, err := m.describe(ctx, model, g, before[g.digest], report)
		if err != nil {
			return nil, err
		}
		report.Versions = append(report.Versions, v)
	}
	report.conclude()
	return report, nil
}

// describe is the report of one version.
func (m *Monitor) describe(ctx context.Context, model registry.ModelName, g, before *gathered, r *Report) (Version, error) {
	v := Version{Version: g.version, Digest: g.digest, Seen: g.seen, Rows: g.rows}
	var err error
	if g.difference != nil {
		if v.Shadow, err = summarize(g.difference); err != nil {
			return v, err
		}
	}
	if g.rows == 0 {
		return v, nil
	}
	outputs, err := finish(ctx, g.outputs)
	if err != nil {
		return v, err
	}
	v.Outputs = outputs.Columns
	if before != nil && before.rows > 0 {
		last, err := finish(ctx, before.outputs)
		if err != nil {
			return v, err
		}
		v.Shift = profile.Compare(last, outputs)
	}
	p, err := m.pipeline(ctx, model, g.digest)
	if err != nil {
		if ctx.Err() != nil {
			return v, err
		}
		r.warn("version %d cannot be compared with its training: %v", g.version, err)
		return v, nil
	}
	inputs, err := finish(ctx, g.inputs)
	if err != nil {
		return v, err
	}
	v.Drift = profile.Compare(trained(p), inputs)
	return v, nil
}

func (m *Monitor) pipeline(ctx context.Context, model registry.ModelName, digest string) (*pipeline.Pipeline, error) {
	artifact, err := m.Registry.Artifact(ctx, model, digest)
	if err != nil {
		return nil, err
	}
	return pipeline.Decode(artifact)
}

// trained is the profile of the training data, of the columns that are captured.
func trained(p *pipeline.Pipeline) *profile.Profile {
	reference := &profile.Profile{Rows: p.Reference.Rows}
	for _, c := range p.Reference.Columns {
		if f := p.Schema.Field(c.Name); f != nil && f.Type != dataset.Text {
			reference.Columns = append(reference.Columns, c)
		}
	}
	return reference
}

// finish is the profile of a partial, without what needs rows.
func finish(ctx context.Context, p *profile.Partial) (*profile.Profile, error) {
	all, err := p.Finish(ctx, profile.Options{})
	if err != nil {
		return nil, err
	}
	all.Duplicates, all.Pairs, all.Alerts = nil, nil, nil
	return all, nil
}
