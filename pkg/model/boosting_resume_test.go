package model

import (
	"context"
	"errors"
	deep "reflect"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// looking is a context that ends when it was asked so often.
type looking struct {
	context.Context
	left *int
}

func (l looking) Err() error {
	if *l.left--; *l.left < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// resumed fits in attempts that have time for so many looks at their context, each from where the one
// before came to.
func resumed(t *testing.T, learner Boosting, data Data, looks int) (m *boosted, attempts int) {
	t.Helper()
	var from *Partial
	for attempts = 1; ; attempts++ {
		left := looks
		m, came, err := learner.Resume(looking{t.Context(), &left}, data, from, 5)
		if err == nil {
			return m.(*boosted), attempts
		}
		if !errors.Is(err, context.DeadlineExceeded) || attempts > 1000 {
			t.Fatalf("attempt %d: %v", attempts, err)
		}
		if came != nil {
			from = came
		}
	}
}

// However often a fit is stopped, and wherever in a round, it comes to the model of one that is not.
func TestBoostingResumes(t *testing.T) {
	for _, data := range tasks(300) {
		for name, change := range map[string]func(*Boosting){
			"all rows": func(*Boosting) {},
			"sampled":  func(b *Boosting) { b.RowShare, b.ColumnShare, b.NodeColumnShare = 0.5, 0.7, 0.7 },
			"gradient": func(b *Boosting) { b.TopShare, b.OtherShare = 0.2, 0.2 },
			"stopped":  func(b *Boosting) { b.Rounds, b.EarlyStopping, b.ValidationShare = 300, 4, 0.25 },
			"stopped, sampled": func(b *Boosting) {
				b.Rounds, b.EarlyStopping, b.ValidationShare, b.RowShare = 300, 4, 0.25, 0.6
			},
			"to the last": func(b *Boosting) { b.EarlyStopping, b.LearningRate = 10, 0.01 },
			// Trees without a split, among others: rounds are more than trees tell.
			"without splits": func(b *Boosting) {
				b.RowShare, b.MinLeafRows, b.EarlyStopping, b.ValidationShare = 0.5, 45, 30, 0.25
			},
			"nothing to split": func(b *Boosting) { b.MinLeafRows = 1000 },
		} {
			learner := small(24, 7, 0.2)
			change(&learner)
			want := fit(t, learner, data, 5)
			scores := len(want.base)
			for _, looks := range []int{scores, scores + 1, 2*scores + 1, 7 * scores} {
				m, attempts := resumed(t, learner, data, looks)
				if !deep.DeepEqual(m.State(), want.State()) {
					t.Errorf("%s, %s: after %d attempts it is another model", data.Task, name, attempts)
				}
				if rounds := max(len(want.curve), want.Rounds()); attempts < 2 && rounds*scores > looks {
					t.Errorf("%s, %s: it was never stopped", data.Task, name)
				}
			}
		}
	}
}

// Where no round is better than none, the patience with it is counted across attempts too.
func TestBoostingResumesWithoutGain(t *testing.T) {
	data := generated(300, 4, dataset.Regression, 0)
	slices.Reverse(data.Y) // of other rows: nothing is to be learned
	learner := small(24, 31, 1)
	learner.MinLeafRows, learner.EarlyStopping, learner.ValidationShare = 1, 6, 0.25
	want := fit(t, learner, data, 5)
	if len(want.curve) != 6 || want.Rounds() != 0 {
		t.Fatalf("%d rounds, of which %d are kept: some gain", len(want.curve), want.Rounds())
	}
	for looks := 1; looks < 6; looks++ {
		if m, attempts := resumed(t, learner, data, looks); !deep.DeepEqual(m.State(), want.State()) || attempts < 2 {
			t.Errorf("after %d attempts it is another model", attempts)
		}
	}
}

// What another fit came to, and what was tampered with, is passed over.
func TestBoostingResumesItsOwnOnly(t *testing.T) {
	data := generated(200, 4, dataset.Multiclass, 3)
	learner := small(12, 7, 0.2)
	learner.EarlyStopping = 50
	want := fit(t, learner, data, 5)
	left := 10
	_, own, err := learner.Resume(looking{t.Context(), &left}, data, nil, 5)
	if own == nil || own.Rounds != 3 {
		t.Fatalf("%+v, %v", own, err)
	}
	other := *own
	other.State = fit(t, learner, generated(200, 4, dataset.Multiclass, 3), 6).State()
	bare := *own
	bare.State = fit(t, small(3, 7, 0.2), data, 5).State() // the watch of no rows held out
	foreign, err := Baseline{}.Fit(t.Context(), data, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]*Partial{
		"own": own, "other base": &other, "without losses": &bare, "of a baseline": {Rounds: 3, State: foreign.State()}, "empty": {},
		"rounds too many": {13, 3, own.State}, "rounds too few": {2, 3, own.State}, "kept too many": {3, 12, own.State}, "kept a part": {3, 4, own.State}, "kept less than none": {3, -3, own.State},
	} {
		m, came, err := learner.Resume(t.Context(), data, from, 5)
		if err != nil || came != nil || !deep.DeepEqual(m.State(), want.State()) {
			t.Errorf("%s: another model, or %+v, %v", name, came, err)
		}
	}
}

// An error that is no context's leaves nothing to go on from.
func TestBoostingResumeFails(t *testing.T) {
	data := generated(200, 4, dataset.Regression, 0)
	for i := range data.Y {
		data.Y[i] *= 1e200
	}
	learner := small(12, 7, 0.2)
	learner.EarlyStopping = 5
	if m, came, err := learner.Resume(t.Context(), data, nil, 5); err == nil || m != nil || came != nil {
		t.Errorf("%v, %+v, %v", m, came, err)
	}
	if _, _, err := (Boosting{}).Resume(t.Context(), data, nil, 5); err == nil {
		t.Error("params of zeros")
	}
}
