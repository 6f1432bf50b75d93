package modeltest

import (
	"bytes"
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/foretell-ml/foretell/pkg/model"
)

// extras are what the optional interfaces promise, of those learners and models that have
// them, and the functions that work with any model.
var extras = []check{
	{"importances", func(t *testing.T, s suite) {
		d := s.data(1)
		d.X = matrix(append(slices.Clone(d.X.Columns), ones(rows))...)
		m, is := s.fit(t, d).(model.Importance)
		if !is {
			return
		}
		gains, splits := m.Gains(), m.Splits()
		if len(gains) != 4 || len(splits) != 4 {
			t.Fatalf("%d gains and %d splits of 4 columns", len(gains), len(splits))
		}
		for j := range gains {
			if !(gains[j] >= 0) || math.IsInf(gains[j], 0) || splits[j] < 0 || (gains[j] > 0) != (splits[j] > 0) {
				t.Errorf("column %d gains %v in %d splits", j, gains[j], splits[j])
			}
		}
		if gains[3] != 0 || gains[0] <= gains[2] || gains[1] <= gains[2] {
			t.Errorf("gains are %v for a strong, a good, an idle and a constant column", gains)
		}
	}},
	{"permuted columns", func(t *testing.T, s suite) {
		m, x := s.fit(t, s.data(1)), s.data(2)
		loss := func(p []float64) float64 { return -s.loss(p, x.Y) }
		got, err := model.Permute(t.Context(), m, x.X, loss, model.DefaultPermutation(), 3)
		if err != nil {
			t.Fatal(err)
		}
		if _, is := s.learner.(model.Baseline); is {
			if got[0].Drop != 0 {
				t.Errorf("the baseline loses %v without a column", got[0].Drop)
			}
			return
		}
		if !(got[0].Low > 0 && got[1].Low > 0 && got[2].Drop < got[0].Low && got[2].Drop < got[1].Low) {
			t.Errorf("drops are %+v for two columns that matter and an idle one", got)
		}
	}},
	{"dependence on a column", func(t *testing.T, s suite) {
		m, x := s.fit(t, s.data(1)), s.data(2).X
		d, err := model.DependenceOf(t.Context(), m, x, 0, model.DependenceGrid{Points: 5, Rows: 40}, 1)
		if err != nil {
			t.Fatal(err)
		}
		s.valid(t, d.Mean)
		// The target rises with the first column.
		last := len(d.Mean) - 1
		if _, is := s.learner.(model.Baseline); !is && !(d.Mean[last] > d.Mean[m.Outputs()-1]) {
			t.Errorf("mean predictions go from %v to %v", d.Mean[m.Outputs()-1], d.Mean[last])
		}
	}},
	{"warnings are stable", func(t *testing.T, s suite) {
		// Few rows, which is worth a warning to some.
		d := pick(s.data(1), []int{0, 1, 2, 3, 4, 5})
		m, is := s.fit(t, d).(model.Warner)
		if !is {
			return
		}
		again := s.fit(t, d)
		loaded, err := model.Load(throughFile(t, again.State()))
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range []model.Model{again, loaded} {
			if !slices.Equal(m.Warnings(), other.(model.Warner).Warnings()) {
				t.Errorf("warnings are %q, then %q", m.Warnings(), other.(model.Warner).Warnings())
			}
		}
	}},
	{"curve", func(t *testing.T, s suite) {
		m, is := s.fit(t, s.data(1)).(model.Learned)
		if !is {
			return
		}
		fitted, held := m.Curve()
		if len(fitted) != len(held) {
			t.Fatalf("%d losses of rows fitted, %d of rows held out", len(fitted), len(held))
		}
		for i := range fitted {
			if math.IsNaN(fitted[i]) || math.IsNaN(held[i]) {
				t.Fatalf("round %d has losses %v and %v", i+1, fitted[i], held[i])
			}
		}
	}},
	{"continued", func(t *testing.T, s suite) {
		learner, is := s.learner.(model.Continuer)
		if !is {
			return
		}
		d, x := s.data(1), s.data(2).X
		m := s.fit(t, d)
		before := m.State()
		more, err := learner.Continue(t.Context(), d, m, fitSeed)
		if err != nil {
			t.Fatal(err)
		}
		s.valid(t, predict(more, x))
		if after := m.State(); !bytes.Equal(before.Params, after.Params) {
			t.Error("the model that was continued has changed")
		}
		if s.loss(predict(more, d.X), d.Y) > s.loss(predict(m, d.X), d.Y)+rounding {
			t.Error("the loss of the rows fitted has risen")
		}
		loaded, err := model.Load(throughFile(t, before))
		if err != nil {
			t.Fatal(err)
		}
		fromFile, err := learner.Continue(t.Context(), d, loaded, fitSeed)
		if err != nil {
			t.Fatal(err)
		}
		equalStates(t, fromFile, more)
		other, err := model.Baseline{}.Fit(t.Context(), d, fitSeed)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := learner.Continue(t.Context(), d, other, fitSeed); err == nil {
			t.Error("a baseline is continued")
		}
	}},
	{"resumed", func(t *testing.T, s suite) {
		learner, is := s.learner.(model.Resumer)
		if !is {
			return
		}
		d := s.data(1)
		want := s.fit(t, d)
		var from *model.Partial
		for looks := int64(1); ; looks += 3 { // each attempt has time for more
			m, came, err := learner.Resume(counted(t, looks), d, from, fitSeed)
			if err == nil {
				equalStates(t, m, want)
				break
			}
			if m != nil || !errors.Is(err, context.Canceled) {
				t.Fatalf("cancelled: got model %v and error %v", m, err)
			}
			if came == nil {
				continue // it came nowhere
			}
			if from != nil && came.Rounds < from.Rounds {
				t.Fatalf("%d rounds are done after %d", came.Rounds, from.Rounds)
			}
			loaded, err := model.Load(throughFile(t, came.State))
			if err != nil {
				t.Fatal(err)
			}
			from = &model.Partial{Rounds: came.Rounds, Kept: came.Kept, State: loaded.State()}
		}
		if from == nil {
			t.Error("no attempt came anywhere")
		}
	}},
	{"cancelled in the middle", func(t *testing.T, s suite) {
		d := s.data(1)
		whole := counted(t, math.MaxInt64)
		if _, err := s.learner.Fit(whole, d, fitSeed); err != nil {
			t.Fatal(err)
		}
		looks := math.MaxInt64 - whole.left.Load()
		// Each look in a short fit; of a long one the first, and some up to the last.
		for at := int64(0); at < looks; at += max(1, at/3) {
			ctx := counted(t, at)
			m, err := s.learner.Fit(ctx, d, fitSeed)
			if m != nil && err == nil {
				// The last looks may come when there is nothing left to do.
				if left := looks - at; left > mostLooksAfter {
					t.Fatalf("cancelled at look %d of %d, the fit went on", at+1, looks)
				}
				continue
			}
			if m != nil || !errors.Is(err, context.Canceled) {
				t.Fatalf("cancelled at look %d of %d: got model %v and error %v", at+1, looks, m, err)
			}
			if after := -ctx.left.Load(); after > mostLooksAfter {
				t.Fatalf("cancelled at look %d of %d, it looked %d times more", at+1, looks, after)
			}
		}
		if enough := leastLooks(s.learner); looks < enough {
			t.Errorf("the fit looks at its context %d times, want %d: it cannot be cancelled in between", looks, enough)
		}
	}},
	{"work is bounded", func(t *testing.T, s suite) {
		// A fit that went in circles would look at its context for ever.
		ctx := counted(t, 100_000)
		for _, d := range []model.Data{s.data(1), pick(s.data(1), []int{0, 1, 2})} {
			if _, err := s.learner.Fit(ctx, d, fitSeed); err != nil {
				t.Fatalf("more than 100,000 looks at the context: %v", err)
			}
		}
	}},
}

// mostLooksAfter is how often a fit may look at a context that has ended: once for each worker,
// and once more wherever the error goes by.
var mostLooksAfter = int64(4 * (1 + runtime.GOMAXPROCS(0)))

// leastLooks is how often a fit must look at its context so that cancelling it ends it promptly:
// for each tree, round or epoch. Learners that go over the rows once have no place to stop at.
func leastLooks(l model.Learner) int64 {
	switch l := l.(type) {
	case model.Boosting:
		return int64(l.Rounds) / 2 // trees that find nothing to split end it sooner
	case model.Forest:
		return int64(l.Trees)
	case model.MLP:
		return int64(l.Members * l.Epochs / 10) // it may stop early
	case model.Logistic, model.GLM:
		return 3 // steps of Newton's method
	}
	return 1
}

// counting is a context that is cancelled once it has been looked at so many times. Its Done
// is never closed, so it is for fits that look at Err.
type counting struct {
	context.Context
	left atomic.Int64
}

func counted(t *testing.T, looks int64) *counting {
	c := &counting{Context: t.Context()}
	c.left.Store(looks)
	return c
}

func (c *counting) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}
