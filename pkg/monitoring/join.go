package monitoring

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// mostJoined is how many objects of predictions the outcomes of a day are joined with, the latest
// days' first, and joinedAtOnce how many of them are read side by side.
const (
	mostJoined   = 5000
	joinedAtOnce = 8
)

// joined are rows of one version with their truths.
type joined struct {
	version   int
	digest    string
	pipeline  *pipeline.Pipeline // nil if it could not be read: its outcomes stay unmatched
	y, output []float64
	served    int // rows whose served class was the true one
}

// join is the way from outcomes to how good predictions were.
type join struct {
	monitor  *Monitor
	model    registry.ModelName
	report   *Report
	truths   map[string]Outcome // that are not matched yet
	outcomes *Outcomes
	byDigest map[string]*joined
	failed   bool // something could not be read, and may be the next time
}

// join compares the outcomes of a day with the predictions of the days up to it. before is what an
// earlier report of the day says: it holds as long as there are no other objects, so that ids
// which stay unmatched do not have a month of predictions read every hour.
func (m *Monitor) join(ctx context.Context, model registry.ModelName, day time.Time, r *Report, before *Outcomes) (*Outcomes, error) {
	outcomes, err := keysBelow(ctx, m.Registry.Store, outcomesPrefix(model, day))
	if err != nil || len(outcomes) == 0 {
		return nil, err
	}
	days := make([][]string, LookBack)
	for back := range days {
		if days[back], err = capture.Keys(ctx, m.Registry.Store, model, day.AddDate(0, 0, -back)); err != nil {
			return nil, err
		}
	}
	of := digestOf(append([][]string{outcomes}, days...))
	if before != nil && before.Joined == of {
		return before, nil
	}
	j := &join{monitor: m, model: model, report: r, byDigest: map[string]*joined{}}
	var contradicted int
	j.truths, contradicted, err = readTruths(ctx, m.Registry.Store, outcomes, func(key string, err error) error {
		j.failed = true
		r.warn("%s could not be read: %v", key, err)
		return ctx.Err()
	})
	if err != nil || len(j.truths)+contradicted == 0 {
		return nil, err
	}
	j.outcomes = &Outcomes{Rows: len(j.truths) + contradicted, Contradicted: contradicted, Versions: []LiveVersion{}}
	left := mostJoined
	for back, keys := range days {
		if len(keys) > left {
			keys, j.outcomes.Since = keys[:left], day.AddDate(0, 0, -back).UTC().Format(capture.DayForm)
		}
		if left -= len(keys); len(j.truths) > 0 {
			if err := j.read(ctx, keys); err != nil {
				return nil, err
			}
		}
	}
	if !j.failed {
		j.outcomes.Joined = of
	}
	return j.conclude(ctx), nil
}

// keysBelow lists keys in bytewise order.
func keysBelow(ctx context.Context, s registry.Store, prefix string) (keys []string, err error) {
	for info, err := range s.List(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, info.Key)
	}
	return keys, nil
}

// digestOf is the SHA-256 of keys: those of other objects have another.
func digestOf(keys [][]string) string {
	h := sha256.New()
	for _, some := range keys {
		for _, key := range some {
			h.Write([]byte(key + "\n"))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// read joins truths with the predictions in some objects, until none is left.
func (j *join) read(ctx context.Context, keys []string) error {
	for some := range slices.Chunk(keys, joinedAtOnce) {
		objects, faults := make([]*capture.Object, len(some)), make([]error, len(some))
		err := par.For(ctx, len(some), joinedAtOnce, func(i int) error {
			objects[i], faults[i] = capture.Read(ctx, j.monitor.Registry.Store, some[i])
			return ctx.Err()
		})
		if err != nil {
			return err
		}
		for i, object := range objects {
			if faults[i] != nil {
				j.failed = true
				j.report.warn("%s could not be read: %v", some[i], faults[i])
				continue
			}
			for _, s := range object.Series {
				if err := j.take(ctx, s); err != nil {
					return err
				}
			}
		}
		if len(j.truths) == 0 {
			return nil
		}
	}
	return nil
}

// take joins the predictions of a series with their truths, which are matched then.
func (j *join) take(ctx context.Context, s capture.Series) (err error) {
	if len(s.Predictions) == 0 {
		return nil
	}
	of := j.byDigest[s.Digest]
	if of == nil {
		of = &joined{version: s.Version, digest: s.Digest}
		j.byDigest[s.Digest] = of
		if of.pipeline, err = j.monitor.pipeline(ctx, j.model, s.Digest); err != nil {
			if ctx.Err() != nil {
				return err
			}
			j.failed = true
			j.report.warn("outcomes cannot be compared with what version %d predicted: %v", s.Version, err)
		}
	}
	if of.pipeline == nil {
		return nil
	}
	target := of.pipeline.Target
	for _, p := range s.Predictions {
		truth, ok := j.truths[p.ID]
		if !ok {
			continue
		}
		delete(j.truths, p.ID)
		y, ok := truth.Of(target)
		if !ok || len(p.Output) != target.Outputs() {
			j.outcomes.Unfit++
			continue
		}
		of.y, of.output = append(of.y, y), append(of.output, p.Output...)
		if p.Class != nil && *p.Class == int(y) {
			of.served++
		}
	}
	return nil
}

// conclude scores the versions, in order of their numbers.
func (j *join) conclude(ctx context.Context) *Outcomes {
	j.outcomes.Unmatched = len(j.truths)
	var all []*joined
	for _, of := range j.byDigest {
		if len(of.y) > 0 {
			all = append(all, of)
		}
	}
	slices.SortFunc(all, func(a, b *joined) int {
		if a.version != b.version {
			return a.version - b.version
		}
		return strings.Compare(a.digest, b.digest)
	})
	for _, of := range all {
		j.outcomes.Versions = append(j.outcomes.Versions, of.score(j.monitor.tested(ctx, j.model, of.version)))
	}
	return j.outcomes
}
