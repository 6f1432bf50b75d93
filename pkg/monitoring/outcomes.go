package monitoring

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// Outcome is what was true of a row that was predicted: a value, or a class.
type Outcome struct {
	ID    string   `json:"id"` // of the prediction
	Value *float64 `json:"value,omitempty"`
	Class *string  `json:"class,omitempty"`
}

// MaxOutcomes is how many outcomes are posted at a time.
const MaxOutcomes = 10_000

// LookBack is how many days before it an outcome's prediction may have been made, the day itself
// among them.
const LookBack = 30

const outcomesRoot = "outcomes/"

func outcomesPrefixOf(m registry.ModelName) string { return outcomesRoot + string(m) + "/" }

func outcomesPrefix(m registry.ModelName, day time.Time) string {
	return outcomesPrefixOf(m) + day.UTC().Format(capture.DayForm) + "/"
}

// SaveOutcomes stores outcomes that came on a day, under their content: the same ones sent twice in
// a day are stored once.
func SaveOutcomes(ctx context.Context, s registry.Store, m registry.ModelName, day time.Time, all []Outcome) error {
	if err := m.Validate(); err != nil {
		return err
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	_, err = s.Put(ctx, outcomesPrefix(m, day)+hex.EncodeToString(sum[:])+".json", text, registry.Condition{Absent: true})
	if errors.Is(err, registry.ErrConflict) {
		return nil
	}
	return err
}

// Outcomes is what the outcomes of a day say of the predictions that they are about.
type Outcomes struct {
	Rows int `json:"rows"` // different ids
	// Unmatched are those whose prediction was not kept, or was made more than LookBack days ago;
	// Contradicted those that came with different truths, Unfit those that are not of the target:
	// these are left out.
	Unmatched    int           `json:"unmatched,omitempty"`
	Contradicted int           `json:"contradicted,omitempty"`
	Unfit        int           `json:"unfit,omitempty"`
	Versions     []LiveVersion `json:"versions"`
	// Since is the day back to which predictions were looked at, if there are more objects of them than
	// are; that day's are not all among them.
	Since string `json:"since,omitempty"`
	// Joined is a digest of the keys of all objects that it follows from; absent if one of them could
	// not be read.
	Joined string `json:"joined,omitempty"`
}

// LiveVersion is how good the predictions of a version were.
type LiveVersion struct {
	Version int    `json:"version"`
	Digest  string `json:"digest"`
	Rows    int    `json:"rows"`
	// Scores are those of every metric of the task that is defined, Tested the same on the rows that
	// were held out when it was trained, as far as its manifest has them.
	Scores map[string]float64 `json:"scores"`
	Tested map[string]float64 `json:"tested,omitempty"`
	// Intervals are the 95 % confidence intervals of Scores, where there is one.
	Intervals map[string][2]float64 `json:"intervals,omitempty"`
	// Right is the share of the rows whose class was served, of a classification.
	Right *float64 `json:"right,omitempty"`
	// Reliability compares, of two classes, the probability of the second with how often it came.
	Reliability []Reliable `json:"reliability,omitempty"`
}

// Reliable is a bin of probabilities: what was said, and how often it came true, with its 95 %
// interval.
type Reliable struct {
	Rows int     `json:"rows"`
	Said float64 `json:"said"`
	Seen float64 `json:"seen"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// readTruths reads outcomes by id, and leaves out those that are contradicted, which it counts. What
// cannot be read is told to warn.
func readTruths(ctx context.Context, s registry.Store, keys []string, warn func(key string, err error) error) (truths map[string]Outcome, contradictions int, err error) {
	truths, contradicted := map[string]Outcome{}, map[string]bool{}
	for _, key := range keys {
		var all []Outcome
		if _, err := registry.ReadJSON(ctx, s, key, &all); err != nil {
			if err := warn(key, err); err != nil {
				return nil, 0, err
			}
			continue
		}
		for _, o := range all {
			if old, ok := truths[o.ID]; ok && !old.same(o) {
				contradicted[o.ID] = true
			}
			truths[o.ID] = o
		}
	}
	for id := range contradicted {
		delete(truths, id)
	}
	return truths, len(contradicted), nil
}

func (o Outcome) same(p Outcome) bool {
	equal := func(a, b *float64) bool { return a == b || a != nil && b != nil && *a == *b }
	return equal(o.Value, p.Value) && (o.Class == p.Class || o.Class != nil && p.Class != nil && *o.Class == *p.Class)
}

// Of is the truth as metrics want it: the value, or the index of the class; ok if it is of the target.
func (o Outcome) Of(target pipeline.Target) (y float64, ok bool) {
	if !target.Task.Classification() {
		if o.Value == nil {
			return 0, false
		}
		return *o.Value, true
	}
	if o.Class == nil {
		return 0, false
	}
	class := slices.Index(target.Classes, *o.Class)
	return float64(class), class >= 0
}

// tested are the scores of a version on rows that were held out when it was trained.
func (m *Monitor) tested(ctx context.Context, model registry.ModelName, version int) map[string]float64 {
	manifest, err := m.Registry.Version(ctx, model, version)
	if err != nil || manifest.Tested == nil {
		return nil // the report does without
	}
	return manifest.Tested.Scores
}

const (
	confidence = 0.95
	bins       = 10
)

// score says how good the predictions were. Metrics that these rows do not have are left out.
func (j *joined) score(tested map[string]float64) LiveVersion {
	target := j.pipeline.Target
	outputs := target.Outputs()
	v := LiveVersion{Version: j.version, Digest: j.digest, Rows: len(j.y), Scores: map[string]float64{}, Tested: tested, Intervals: map[string][2]float64{}}
	for _, m := range metric.For(target.Task) {
		if s, err := m.Score(j.y, j.output, nil, outputs); err == nil {
			v.Scores[m.Name] = s
		}
	}
	if target.Task.Classification() {
		right := float64(j.served) / float64(len(j.y))
		v.Right = &right
	}
	if target.Task == dataset.Binary {
		positive := make([]float64, len(j.y))
		for i := range positive {
			positive[i] = j.output[2*i+1]
		}
		for _, b := range metric.Reliability(j.y, positive, nil, bins, confidence) {
			v.Reliability = append(v.Reliability, Reliable{b.Rows, b.Said, b.Seen, b.Low, b.High})
		}
		if v.Right != nil {
			low, high := metric.ShareInterval(*v.Right, v.Rows, confidence)
			v.Intervals["right"] = [2]float64{low, high}
		}
	}
	return v
}

// Check says what is wrong with outcomes that are posted, by the index of the first bad one.
func Check(all []Outcome) (index int, err error) {
	for i, o := range all {
		switch {
		case o.ID == "" || len(o.ID) > 160:
			return i, fmt.Errorf("id %.40q is not that of a prediction", o.ID)
		case (o.Value == nil) == (o.Class == nil):
			return i, errors.New("want a value or a class")
		}
	}
	return 0, nil
}
