package serving_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/memstore"
	"github.com/foretell-ml/foretell/pkg/serving"
	"github.com/foretell-ml/foretell/pkg/training"
)

// halves cuts the rows of a data file that repeat no other in two: every other one for training, in a
// file of its own, and the rest as JSON without the target, with the targets.
func halves(t *testing.T, name, target string) (file string, rows []string, truth []float64) {
	t.Helper()
	text, err := os.ReadFile("../../testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	first, rest, _ := strings.Cut(string(text), "\n")
	header, seen := strings.Split(first, ","), map[string]bool{}
	var half strings.Builder
	half.WriteString(first + "\n")
	for line := range strings.Lines(rest) {
		row, y := map[string]any{}, math.NaN()
		for j, v := range strings.Split(strings.TrimSpace(line), ",") {
			number, err := strconv.ParseFloat(v, 64)
			switch {
			case header[j] == target:
				y = number
			case v == "":
				row[header[j]] = nil
			case err != nil:
				row[header[j]] = v
			default:
				row[header[j]] = number
			}
		}
		b, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		if seen[string(b)] {
			continue
		}
		seen[string(b)] = true
		if len(seen)%2 == 0 {
			half.WriteString(line)
		} else {
			rows, truth = append(rows, string(b)), append(truth, y)
		}
	}
	file = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(half.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, rows, truth
}

// TestIntervalsCover: of rows that a run never saw, asked for in JSON, the intervals that are answered
// hold the stated share. The rows of the folds that intervals were made of are a sample, as those that
// are asked for are: the share is off by what both are, and by the little that ranks in bands and
// models of four fifths of the rows make intervals wider.
func TestIntervalsCover(t *testing.T) {
	const wider = 0.01
	for _, tt := range []struct {
		file, target, intervals string
		coverage                float64
	}{
		{"california-housing.csv", "median_house_value", "intervals: {coverage: 0.9}", 0.9},
		{"wine-quality-white.csv", "quality", "intervals: {coverage: 0.8}", 0.8},
		{"wine-quality-white.csv", "quality", "intervals: {coverage: 0.8, method: cv+}\nensemble: {bagged: true}", 0.8},
	} {
		file, rows, truth := halves(t, tt.file, tt.target)
		config, err := training.ParseConfig([]byte(fmt.Sprintf("model: held-out\ndata: {source: %q, target: %s, task: regression}\nvalidation: {test: 0}\n"+
			"configurations: [{learner: boosting, params: {rounds: 40, leaves: 15}}]\n%s\n", file, tt.target, tt.intervals)))
		if err != nil {
			t.Fatal(err)
		}
		engine := &training.Engine{Registry: &registry.Registry{Store: memstore.New(time.Unix(0, 0))}, Source: func(_ context.Context, name string) (dataset.Source, error) {
			parts, err := dataset.Files(name)
			return dataset.CSV{Files: parts}, err
		}}
		run, _, err := engine.Submit(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := engine.Run(t.Context(), run, nil); err != nil {
			t.Fatal(err)
		}
		inside := 0
		h := (&serving.Server{Registry: engine.Registry}).Routes()
		for from := 0; from < len(rows); from += 1000 {
			until := min(from+1000, len(rows))
			w := post(h, "/v1/models/held-out/predict", `{"instances": [`+strings.Join(rows[from:until], ",")+`]}`)
			var a struct {
				Coverage    float64
				Predictions []struct {
					Value    float64
					Interval [2]float64
				}
			}
			if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK || len(a.Predictions) != until-from || a.Coverage != tt.coverage {
				t.Fatalf("%d %.300s", w.Code, w.Body)
			}
			for i, p := range a.Predictions {
				if p.Interval[0] <= truth[from+i] && truth[from+i] <= p.Interval[1] {
					inside++
				}
			}
		}
		share := float64(inside) / float64(len(rows))
		se := math.Sqrt(tt.coverage * (1 - tt.coverage) * 2 / float64(len(rows)))
		t.Logf("%s, %s: %.4f of %d rows, stated %v (standard error %.4f)", tt.file, tt.intervals, share, len(rows), tt.coverage, se)
		if share < tt.coverage-3*se || share > tt.coverage+wider+3*se {
			t.Errorf("%s, %s: %.4f of intervals hold the truth, stated %v, standard error %.4f", tt.file, tt.intervals, share, tt.coverage, se)
		}
	}
}
