package monitoring

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// Feedback is rows that a model was asked about with what came true of them: what any version of it
// can be scored on, whichever answered.
type Feedback struct {
	From, To string // the days that were looked at, both included
	// Outcomes are different ids; of these Unmatched are those whose row was not kept, Contradicted
	// those that came with different truths.
	Outcomes, Unmatched, Contradicted int
	Labelled                          []Labelled // in order of versions
	Warnings                          []string
}

// Labelled are rows that one version answered, as that version read them.
type Labelled struct {
	Version int
	Digest  string
	Inputs  *dataset.Table
	Truths  []Outcome // of each row
}

// What is looked at is bounded: so many objects of outcomes, and of rows, of so many bytes as they are
// stored. Outcomes are all in memory, of rows those that have one.
const (
	mostKeys         = 2000
	mostOutcomeBytes = 64 << 20
	mostRowBytes     = 512 << 20
)

// FeedbackObjects lists what the feedback of some days is made of: outcomes and kept rows of the last
// day on which outcomes came, and of the days before it, LookBack at most. It is nothing if none
// came. Of more than there is room for it is the latest. Objects are never written anew.
func FeedbackObjects(ctx context.Context, s registry.Store, m registry.ModelName, days int) ([]registry.Info, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	var outcomes, rows []registry.Info
	for info, err := range s.List(ctx, outcomesPrefixOf(m)) {
		if err != nil {
			return nil, err
		}
		outcomes = append(outcomes, info) // in order of days
	}
	if len(outcomes) == 0 {
		return nil, nil
	}
	last, err := time.Parse(capture.DayForm, dayOf(outcomes[len(outcomes)-1].Key))
	if err != nil {
		return nil, fmt.Errorf("%s is no key of outcomes: %w", outcomes[len(outcomes)-1].Key, err)
	}
	days = min(days, LookBack)
	first := last.AddDate(0, 0, 1-days).Format(capture.DayForm)
	outcomes = slices.DeleteFunc(outcomes, func(info registry.Info) bool { return dayOf(info.Key) < first })
	slices.Reverse(outcomes)
	for back := 0; back < days && len(rows) < mostKeys; back++ {
		of, err := capture.RowsOf(ctx, s, m, last.AddDate(0, 0, -back))
		if err != nil {
			return nil, err
		}
		rows = append(rows, of...)
	}
	return append(bounded(outcomes, mostOutcomeBytes), bounded(rows, mostRowBytes)...), nil
}

// bounded are the first of some objects, which there is room for.
func bounded(all []registry.Info, bytes int64) []registry.Info {
	for i, info := range all {
		if bytes -= info.Size; bytes < 0 || i == mostKeys {
			return all[:i]
		}
	}
	return all
}

// dayOf is the day in a key of outcomes or rows.
func dayOf(key string) string {
	parts := strings.SplitN(key, "/", 4)
	return parts[min(2, len(parts)-1)]
}

// ReadFeedback joins the outcomes among some objects of FeedbackObjects with the rows among them. An
// id that was given to several requests is that of the first row. What cannot be read is a warning.
func ReadFeedback(ctx context.Context, s registry.Store, keys []string) (*Feedback, error) {
	f := &Feedback{}
	var of [2][]string // outcomes, rows
	for _, key := range keys {
		kind := 0
		if !strings.HasPrefix(key, outcomesRoot) {
			kind = 1
		}
		of[kind] = append(of[kind], key)
		if day := dayOf(key); f.From == "" || day < f.From {
			f.From = day
		}
		f.To = max(f.To, dayOf(key))
	}
	warn := func(key string, err error) error {
		if ctx.Err() == nil {
			f.Warnings = append(f.Warnings, fmt.Sprintf("%s could not be read: %v", key, err))
		}
		return ctx.Err()
	}
	truths, contradicted, err := readTruths(ctx, s, of[0], warn)
	if err != nil {
		return nil, err
	}
	f.Outcomes, f.Contradicted = len(truths)+contradicted, contradicted
	parts := map[string][]Labelled{} // by digest
	for _, key := range of[1] {
		if len(truths) == 0 {
			break
		}
		rows, err := capture.ReadRows(ctx, s, key)
		if err != nil {
			if err := warn(key, err); err != nil {
				return nil, err
			}
			continue
		}
		if part := take(rows, truths); len(part.Truths) > 0 {
			parts[part.Digest] = append(parts[part.Digest], part)
		}
	}
	f.Unmatched = len(truths)
	for digest, all := range parts {
		together, err := stack(all)
		if err != nil {
			return nil, fmt.Errorf("rows of artifact %s: %w", digest, err)
		}
		f.Labelled = append(f.Labelled, together)
	}
	slices.SortFunc(f.Labelled, func(a, b Labelled) int {
		if a.Version != b.Version {
			return a.Version - b.Version
		}
		return strings.Compare(a.Digest, b.Digest)
	})
	return f, nil
}

// take joins rows with their truths, which it removes.
func take(rows *capture.Rows, truths map[string]Outcome) Labelled {
	l := Labelled{Version: rows.Version, Digest: rows.Digest}
	var matched []int
	for i, id := range rows.IDs {
		if truth, ok := truths[id]; ok {
			matched, l.Truths = append(matched, i), append(l.Truths, truth)
			delete(truths, id)
		}
	}
	l.Inputs = rows.Inputs().Select(matched)
	return l
}

// stack puts the rows of one version below each other: the columns are the same, and their levels
// those that came in each part.
func stack(parts []Labelled) (Labelled, error) {
	all := Labelled{Version: parts[0].Version, Digest: parts[0].Digest}
	columns := make([]dataset.Column, len(parts[0].Inputs.Columns))
	for i, c := range parts[0].Inputs.Columns {
		to := &columns[i]
		*to = dataset.Column{Name: c.Name, Type: c.Type}
		var from []*dataset.Column
		for _, part := range parts {
			other := part.Inputs.Column(c.Name)
			if other == nil || other.Type != c.Type {
				return all, &dataset.ColumnError{Column: c.Name, Err: fmt.Errorf("is not in all rows the same")}
			}
			from, to.Levels = append(from, other), append(to.Levels, other.Levels...)
		}
		slices.Sort(to.Levels)
		to.Levels = slices.Compact(to.Levels)
		for _, other := range from {
			to.Values = append(to.Values, other.Values...)
			for _, code := range other.Codes {
				if code >= 0 {
					code = dataset.LevelOf(to.Levels, other.Levels[code])
				}
				to.Codes = append(to.Codes, code)
			}
		}
	}
	for _, part := range parts {
		all.Truths = append(all.Truths, part.Truths...)
	}
	var err error
	all.Inputs, err = dataset.NewTable(columns...)
	return all, err
}
