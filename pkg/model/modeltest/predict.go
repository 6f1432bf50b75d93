package modeltest

import (
	"sync"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model"
)

// predictions are what Predict promises.
var predictions = []check{
	{"valid", func(t *testing.T, s suite) {
		s.valid(t, predict(s.fit(t, s.data(1)), s.data(2).X))
	}},
	{"beats the baseline", func(t *testing.T, s suite) {
		d, unseen := s.data(1), s.data(2)
		baseline := s
		baseline.learner = model.Baseline{}
		floor := s.loss(predict(baseline.fit(t, d), unseen.X), unseen.Y)
		got := s.loss(predict(s.fit(t, d), unseen.X), unseen.Y)
		if _, is := s.learner.(model.Baseline); is {
			floor = 2 * floor // it only has to match itself
		}
		if got > floor/2 {
			t.Errorf("loss on unseen rows is %v, want half the baseline's %v or less", got, floor)
		}
	}},
	{"a row alone or among others", func(t *testing.T, s suite) {
		m, x := s.fit(t, s.data(1)), s.data(2).X
		together := predict(m, x)
		for i := 0; i < rows; i += 17 {
			n := m.Outputs()
			same(t, predict(m, x.Select([]int{i})), together[i*n:(i+1)*n])
		}
	}},
	{"no rows", func(t *testing.T, s suite) {
		s.fit(t, s.data(1)).Predict(nil, s.data(2).X.Select(nil))
	}},
	{"at the same time", func(t *testing.T, s suite) {
		m, x := s.fit(t, s.data(1)), s.data(2).X
		want := predict(m, x)
		got := make([][]float64, 8)
		var group sync.WaitGroup
		for i := range got {
			group.Go(func() { got[i] = predict(m, x) })
		}
		group.Wait()
		for _, p := range got {
			same(t, p, want)
		}
	}},
	{"panics on wrong shapes", func(t *testing.T, s suite) {
		m, x := s.fit(t, s.data(1)), s.data(2).X
		fewer := &dataset.Matrix{Rows: rows, Names: x.Names[1:], Columns: x.Columns[1:]}
		n := rows * m.Outputs()
		columns := panicOf(t, func() { m.Predict(make([]float64, n), fewer) })
		more := matrix(pickColumns(x, []int{0, 1, 2, 0})...)
		if again := panicOf(t, func() { m.Predict(make([]float64, n), more) }); again != columns {
			t.Errorf("wrong columns panic with %q and %q, want a constant", columns, again)
		}
		panicOf(t, func() { m.Predict(make([]float64, n-1), x) })
		panicOf(t, func() { m.Predict(make([]float64, n+1), x) })
	}},
}

// panicOf runs f, which must panic with a text of ours rather than the runtime's.
func panicOf(t *testing.T, f func()) (text string) {
	t.Helper()
	defer func() {
		t.Helper()
		var ok bool
		if text, ok = recover().(string); !ok || text == "" {
			t.Error("no panic, or one of the runtime")
		}
	}()
	f()
	return ""
}
