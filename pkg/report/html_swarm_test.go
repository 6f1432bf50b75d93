package report

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// TestSwarmShowsEveryRow: every row has a mark in the band of its column, none beyond it; where
// hundreds are alike, those of one ink are a bar. The ink goes by the value, and what has no order
// has another shape.
func TestSwarmShowsEveryRow(t *testing.T) {
	alike, spread, levels := make([]float64, 200), make([]float64, 200), make([]float64, 200)
	for i := range spread {
		spread[i], levels[i] = float64(i)/200-0.5, float64(i)/199
	}
	levels[0] = math.NaN()
	r := &Run{Target: "y", Task: dataset.Regression}
	c := viewSwarm(r, Swarm{Columns: []SwarmColumn{{Column: "alike", Adds: alike, Levels: levels}, {Column: "category", Adds: spread}, {Column: "spread", Adds: spread, Levels: levels}}})
	marks := map[string]int{}
	start := regexp.MustCompile(`M([\d.-]+) ([\d.-]+)`)
	for _, s := range c.Shapes {
		if !strings.HasPrefix(s.Class, "bee") && s.Class != "mk thin" {
			continue
		}
		for _, at := range start.FindAllStringSubmatch(s.Path, -1) {
			y, err := strconv.ParseFloat(at[2], 64)
			if err != nil || y < roomTop || y > roomTop+3*swarmBand {
				t.Errorf("a mark at %v, %v", at, err)
			}
			marks[s.Class]++
		}
	}
	// A bar and the marks of the least values, but for the missing one; a cross has two strokes, and so has a plus.
	if marks["bee i0"] != 1+39 || marks["bee i2"] != 1+40 || marks["bee i4"] != 1+40 || marks["mk thin"] != 2*200+2*2 {
		t.Errorf("%v", marks)
	}
	if got := capsule(10, 20, 30, 2); got != "M8 20a2 2 0 0 1 4 0V30a2 2 0 0 1 -4 0z" {
		t.Error(got)
	}
}

// TestLearningSaysTheBest of the lines, whether greater is better or not.
func TestLearningSaysTheBest(t *testing.T) {
	l := Learning{Rounds: true, At: []float64{10, 20, 30}, Fitted: []float64{3, 2, 1}, Judged: []float64{3, 2, 2.5}, Folds: 1, Trial: "0001-boosting"}
	for greater, want := range map[bool]string{true: "after 10 rounds", false: "after 20 rounds"} {
		if c := viewLearning(&Run{Metric: "rmse", Greater: greater}, l); !strings.Contains(c.Note, want) {
			t.Errorf("%q lacks %q", c.Note, want)
		}
	}
}
