package metric

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// curvesOfPeer is what testdata/peers/curves_sklearn.py wrote.
type curvesOfPeer struct {
	Cases []struct {
		Name            string
		Y, P, Weights   []float64
		FalseRate       []float64 `json:"false_rate"`
		Recall          []float64
		Thresholds, F1  []float64
		Precision       []float64
		PrecisionRecall []float64 `json:"precision_recall"`
		Said, Seen      []float64
		Low, High       []float64
		Rows            []int
	}
	Confusion struct {
		Y       []float64
		Decided []int
		Counts  []int
	}
	Normal map[string][]float64
}

func readCurves(t *testing.T) (c curvesOfPeer) {
	t.Helper()
	text, err := os.ReadFile("../../testdata/golden/curves_sklearn.json")
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil || len(c.Cases) != 3 {
		t.Fatalf("%d cases, %v", len(c.Cases), err)
	}
	return c
}

// agree compares to the last digits: both sides add the same few numbers in another order.
func agree(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		if !num.Close(got[i], want[i], 1e-12) {
			t.Errorf("%s: value %d is %v, want %v", what, i, got[i], want[i])
			return
		}
	}
}

func TestCutsAgreeWithScikitLearn(t *testing.T) {
	for _, c := range readCurves(t).Cases {
		cuts := Cuts(c.Y, c.P, c.Weights)
		rates := func(of func(Cut) float64, from int) (list []float64) {
			for _, cut := range cuts[from:] {
				list = append(list, of(cut))
			}
			return list
		}
		agree(t, c.Name+": false rate", rates(Cut.FalseRate, 0), c.FalseRate)
		agree(t, c.Name+": recall", rates(Cut.Recall, 0), c.Recall)
		agree(t, c.Name+": threshold", rates(func(c Cut) float64 { return c.Threshold }, 1), c.Thresholds)
		agree(t, c.Name+": F1", rates(Cut.F1, 1), c.F1)
		agree(t, c.Name+": precision", rates(Cut.Precision, 0), c.Precision)
		agree(t, c.Name+": recall beside precision", rates(Cut.Recall, 0), c.PrecisionRecall)
		last := cuts[len(cuts)-1]
		if !num.Close(last.Taken(), 1, 1e-12) || !num.Close(last.Lift(), 1, 1e-12) || cuts[0].Taken() != 0 {
			t.Errorf("%s: all rows are a share of %v with lift %v, none %v", c.Name, last.Taken(), last.Lift(), cuts[0].Taken())
		}
	}
}

func TestReliabilityAgreesWithScikitLearn(t *testing.T) {
	all := readCurves(t)
	for _, c := range all.Cases { // the peer's curve knows no weights
		var said, seen, low, high []float64
		var rows []int
		for _, bin := range Reliability(c.Y, c.P, nil, 10, 0.95) {
			said, seen, low, high, rows = append(said, bin.Said), append(seen, bin.Seen), append(low, bin.Low), append(high, bin.High), append(rows, bin.Rows)
		}
		agree(t, c.Name+": said", said, c.Said)
		agree(t, c.Name+": seen", seen, c.Seen)
		agree(t, c.Name+": low", low, c.Low)
		agree(t, c.Name+": high", high, c.High)
		if !slices.Equal(rows, c.Rows) {
			t.Errorf("%s: rows %v, want %v", c.Name, rows, c.Rows)
		}
	}
	if got := Confusion(all.Confusion.Y, all.Confusion.Decided, 4); !slices.Equal(got, all.Confusion.Counts) {
		t.Errorf("confusion %v, want %v", got, all.Confusion.Counts)
	}
	for _, n := range []string{"1", "2", "5", "30"} {
		agree(t, n+" normal scores", NormalScores(len(all.Normal[n])), all.Normal[n])
	}
}

// A weight counts as so many rows, and one of 0 as none.
func TestWeightsOfCurves(t *testing.T) {
	y, p := []float64{1, 0, 1, 0}, []float64{0.9, 0.8, 0.35, 0.31}
	weighted := Reliability(y, p, []float64{1, 1, 2, 0}, 10, 0.95)
	if len(weighted) != 3 || weighted[0].Seen != 1 || weighted[0].Said != 0.35 || weighted[0].Rows != 1 {
		t.Errorf("reliability %+v", weighted)
	}
	if low, high := ShareInterval(0.3, 0, 0.95); low != 0 || high != 1 {
		t.Errorf("of no rows: %v to %v", low, high)
	}
	cuts := Cuts(y, p, []float64{1, 1, 2, 0})
	if c := cuts[3]; c.Recall() != 1 || c.FalseRate() != 1 || c.Precision() != 0.75 || c.Lift() != 1 {
		t.Errorf("third cut %+v", c)
	}
	if cuts := Cuts(nil, nil, nil); len(cuts) != 1 || !math.IsNaN(cuts[0].Recall()) {
		t.Errorf("of no rows: %+v", cuts)
	}
}
