package model

import (
	"math"
	deep "reflect"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Early stopping keeps the rounds up to the least loss of the rows held out, and its model is
// that of so many rounds on the other rows.
func TestBoostingStopsEarly(t *testing.T) {
	for _, data := range tasks(600) {
		learner := small(300, 15, 0.3)
		learner.EarlyStopping, learner.ValidationShare = 5, 0.25
		m := fit(t, learner, data, 3)
		fitted, held := m.Curve()
		best := slices.Index(held, slices.Min(held)) + 1
		if len(fitted) != len(held) || len(held) != best+5 || m.trees().Trees() != best*len(m.base) {
			t.Errorf("%s: %d rounds of %d trees, least loss after %d of %d", data.Task, m.trees().Trees()/len(m.base), m.trees().Trees(), best, len(held))
		}
		if len(m.Warnings()) > 0 {
			t.Errorf("%s: warns of %v", data.Task, m.Warnings())
		}
		if fitted[len(fitted)-1] >= fitted[0] {
			t.Errorf("%s: the loss of the rows fitted goes from %v to %v", data.Task, fitted[0], fitted[len(fitted)-1])
		}
		rows, out := learner.holdOut(data, 3)
		if len(rows)+len(out) != 600 || math.Abs(float64(len(out))-150) > 2 {
			t.Fatalf("%d rows fitted and %d held out", len(rows), len(out))
		}
		plain := small(best, 15, 0.3)
		alone := fit(t, plain, rowsOf(data, rows), 3)
		if !deep.DeepEqual(alone.trees().Nodes, m.trees().Nodes) || !slices.Equal(alone.record().Cover, m.record().Cover) {
			t.Errorf("%s: the model is not that of %d rounds on the rows fitted", data.Task, best)
		}
		// The curve is the loss of what Predict says.
		p := rowsOf(data, out)
		_, weights := p.weighted()
		l, err := learner.loss(p, weights)
		if err != nil {
			t.Fatal(err)
		}
		scores := make([]float64, len(out)*len(m.base))
		m.scores(scores, p.X)
		byScore := make([][]float64, len(m.base))
		for i, s := range scores {
			byScore[i%len(m.base)] = append(byScore[i%len(m.base)], s)
		}
		if loss := l.mean(byScore); loss != held[best-1] {
			t.Errorf("%s: the loss is %v, the curve says %v", data.Task, loss, held[best-1])
		}
		loaded, err := Load(m.State())
		if err != nil {
			t.Fatal(err)
		}
		if a, b := loaded.(Learned).Curve(); !slices.Equal(a, fitted) || !slices.Equal(b, held) {
			t.Errorf("%s: the curve is lost on the way to a state", data.Task)
		}
	}
}

// Each class has its share among the rows held out.
func TestBoostingHoldsOutOfEachClass(t *testing.T) {
	data := generated(500, 3, dataset.Binary, 2)
	for i := range data.Y {
		data.Y[i] = 0
		if i%25 == 3 {
			data.Y[i] = 1
		}
	}
	learner := DefaultBoosting()
	learner.EarlyStopping, learner.ValidationShare = 3, 0.2
	_, held := learner.holdOut(data, 9)
	ones := 0
	for _, i := range held {
		ones += int(data.Y[i])
	}
	if len(held) != 100 || ones != 4 {
		t.Errorf("%d rows held out, %d of the rare class; want 100 and 4", len(held), ones)
	}
	_, other := learner.holdOut(data, 10)
	if slices.Equal(held, other) {
		t.Error("two seeds hold out the same rows")
	}
}

func TestEarlyStoppingWarns(t *testing.T) {
	learner := small(3, 4, 0.1)
	learner.EarlyStopping = 2
	for rows, want := range map[int]string{400: "allow more rounds", 3: "too few"} {
		m := fit(t, learner, generated(rows, 2, dataset.Regression, 0), 1)
		if w := m.Warnings(); len(w) != 1 || !strings.Contains(w[0], want) {
			t.Errorf("%d rows: warnings %v, want one of %q", rows, w, want)
		}
	}
}

// 50 rounds and 50 more are 100, bit for bit.
func TestBoostingContinues(t *testing.T) {
	for _, data := range tasks(500) {
		for name, change := range map[string]func(*Boosting){
			"all rows": func(*Boosting) {},
			"sampled":  func(b *Boosting) { b.RowShare, b.ColumnShare, b.NodeColumnShare = 0.5, 0.7, 0.7 },
			"gradient": func(b *Boosting) { b.TopShare, b.OtherShare = 0.2, 0.2 },
			"absolute": func(b *Boosting) { b.Objective = string(absoluteError) },
			"poisson":  func(b *Boosting) { b.Objective = string(poissonLoss) },
		} {
			data := data
			half := small(12, 7, 0.2)
			change(&half)
			if half.Objective != "" {
				if data.Task != dataset.Regression {
					continue
				}
				data.Y = slices.Clone(data.Y)
				for i := range data.Y {
					data.Y[i] = math.Abs(data.Y[i])
				}
				if half.Objective == string(poissonLoss) {
					data.Offset = repeat(0.3, len(data.Y))
				}
			}
			whole := half
			whole.Rounds = 24
			first := fit(t, half, data, 5)
			before := first.State()
			more, err := half.Continue(t.Context(), data, first, 5)
			if err != nil {
				t.Fatal(err)
			}
			if !deep.DeepEqual(more.State(), fit(t, whole, data, 5).State()) {
				t.Errorf("%s, %s: 12 rounds and 12 are not 24", data.Task, name)
			}
			if !deep.DeepEqual(first.State(), before) {
				t.Errorf("%s, %s: the model that was continued has changed", data.Task, name)
			}
		}
	}
}

func TestContinueRefuses(t *testing.T) {
	learner := small(2, 4, 0.3)
	data := generated(100, 3, dataset.Regression, 0)
	linear, err := DefaultLinear().Fit(t.Context(), data, 1)
	if err != nil {
		t.Fatal(err)
	}
	absolute := learner
	absolute.Objective = string(absoluteError)
	old := storedBoosting(t, 2)
	delete(old.Tensors, "cover")
	delete(old.Tensors, "gain")
	uncounted, err := Load(old)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		from Model
		data Data
	}{
		"linear":          {linear, data},
		"other columns":   {fit(t, learner, data, 1), generated(100, 4, dataset.Regression, 0)},
		"other task":      {fit(t, learner, data, 1), generated(100, 3, dataset.Binary, 2)},
		"other classes":   {fit(t, learner, generated(100, 3, dataset.Multiclass, 3), 1), generated(100, 3, dataset.Multiclass, 4)},
		"other objective": {fit(t, absolute, data, 1), data},
		"without covers":  {uncounted, generated(60, 3, dataset.Binary, 2)},
	} {
		if m, err := learner.Continue(t.Context(), c.data, c.from, 1); err == nil || m != nil {
			t.Errorf("%s: got %v and error %v, want an error", name, m, err)
		}
	}
}
