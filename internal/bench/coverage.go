package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/metric"
)

// stated are the coverages that runs are asked for.
var stated = []float64{0.8, 0.9, 0.95}

// What runs are asked for. Their data is a file of the rows that they may see.
const (
	valuesConfig = `
model: held-out
data: {source: rows.csv, target: %s, task: regression}
validation: {test: 0}
configurations: [{learner: boosting, params: {rounds: 100, learning_rate: 0.1, leaves: 31}}]
intervals: {coverage: %v, method: %s}
ensemble: {bagged: %v}
`
	classesConfig = `
model: held-out
data: {source: rows.csv, target: income, drop: [fnlwgt]}
validation: {test: 0}
calibration: %s
configurations: [{learner: %s}]
`
)

// coverage prints how many intervals of answers hold the truth, beside how many a run was asked for,
// and for classes, of which there are no intervals, how far probabilities are from what comes true:
//
//	bench coverage/<set>/<method> stated=<share> measured=<share>±<standard error> worst-tenth=<share> width=<mean> rmse=<of values> rows=<n>
//	bench coverage/adult/<learner> calibration=<method> calibration_error=… log_loss=… brier=… roc_auc=… rows=<n>
//
// Values: each row is asked for once, of a run that learned from four fifths of the others; rows that
// repeat the inputs of another are left out. Worst-tenth is the share of the tenth of rows, by what
// is predicted, where it is least. Classes: a run on the published split's rows for training, asked for
// those for testing. All are asked for through the routes of pkg/serving, in JSON.
func coverage(ctx context.Context, sets, only string) error {
	for _, set := range []costSet{
		{"california-housing", "california-housing.csv", "median_house_value", "regression"},
		{"wine-quality-white", "wine-quality-white.csv", "quality", "regression"},
	} {
		for _, method := range []string{"conformal", "cv+"} {
			name := "coverage/" + set.name + "/" + method
			for _, share := range stated {
				if !strings.Contains(name, only) {
					continue
				}
				c, err := set.covered(ctx, filepath.Join(sets, set.file), fmt.Sprintf(valuesConfig, set.target, share, method, method == "cv+"))
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				fmt.Printf("bench %s stated=%v %s\n", name, share, c.line())
			}
		}
	}
	for _, learner := range []string{"boosting", "forest", "bayes"} {
		name := "coverage/adult/" + learner
		for _, calibration := range []string{"none", "auto"} {
			if !strings.Contains(name, only) {
				continue
			}
			line, err := calibrated(ctx, sets, fmt.Sprintf(classesConfig, calibration, learner))
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			fmt.Printf("bench %s calibration=%s %s\n", name, calibration, line)
		}
	}
	return nil
}

// coveredRow is a row that was asked for: its target, and what was answered.
type coveredRow struct{ truth, value, low, high float64 }

type covered []coveredRow

func (c covered) share() float64 {
	inside := 0
	for _, r := range c {
		if r.low <= r.truth && r.truth <= r.high {
			inside++
		}
	}
	return float64(inside) / float64(len(c))
}

// line are the figures of the rows, which it sorts.
func (c covered) line() string {
	n := float64(len(c))
	width, squares, worst := 0.0, 0.0, 1.0
	for _, r := range c {
		width += (r.high - r.low) / n
		squares += (r.truth - r.value) * (r.truth - r.value) / n
	}
	slices.SortFunc(c, func(a, b coveredRow) int { return cmp.Compare(a.value, b.value) })
	for tenth := range 10 {
		worst = min(worst, c[tenth*len(c)/10:(tenth+1)*len(c)/10].share())
	}
	share := c.share()
	return fmt.Sprintf("measured=%.4f±%.4f worst-tenth=%.3f width=%.5g rmse=%.5g rows=%d", share, math.Sqrt(share*(1-share)/n), worst, width, math.Sqrt(squares), len(c))
}

// covered asks for every row of a set once, of a run that did not see it.
func (s costSet) covered(ctx context.Context, file, config string) (all covered, err error) {
	rows, err := readRows(file)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	rows.lines = slices.DeleteFunc(rows.lines, func(line []string) bool {
		key := string(rows.json(line, s.target))
		repeats := seen[key]
		seen[key] = true
		return repeats
	})
	target := slices.Index(rows.header, s.target)
	for fold := range foldCount {
		train, test := table{header: rows.header}, table{header: rows.header}
		for i, line := range rows.lines {
			if i%foldCount == fold {
				test.lines = append(test.lines, line)
			} else {
				train.lines = append(train.lines, line)
			}
		}
		h, err := train.served(ctx, config)
		if err != nil {
			return nil, err
		}
		answers, err := ask[struct {
			Value    float64
			Interval [2]float64
		}](ctx, h, test, s.target)
		if err != nil {
			return nil, err
		}
		for i, a := range answers {
			truth, err := strconv.ParseFloat(test.lines[i][target], 64)
			if err != nil {
				return nil, err
			}
			all = append(all, coveredRow{truth, a.Value, a.Interval[0], a.Interval[1]})
		}
	}
	return all, nil
}

// calibrated asks for the rows of adult's published test, of a run on those for training.
func calibrated(ctx context.Context, sets, config string) (line string, err error) {
	train, err := readRows(filepath.Join(sets, "adult-train.csv"))
	if err != nil {
		return "", err
	}
	test, err := readRows(filepath.Join(sets, "adult-test.csv"))
	if err != nil {
		return "", err
	}
	h, err := train.served(ctx, config)
	if err != nil {
		return "", err
	}
	answers, err := ask[struct{ Probabilities map[string]float64 }](ctx, h, test, "income", "fnlwgt")
	if err != nil {
		return "", err
	}
	y, predicted := make([]float64, len(answers)), make([]float64, 0, 2*len(answers))
	target := slices.Index(test.header, "income")
	for i, a := range answers {
		if strings.HasPrefix(test.lines[i][target], ">50K") {
			y[i] = 1
		}
		predicted = append(predicted, a.Probabilities["<=50K"], a.Probabilities[">50K"])
	}
	for _, name := range []string{"calibration_error", "log_loss", "brier", "roc_auc"} {
		by, err := metric.ByName(name)
		if err != nil {
			return "", err
		}
		score, err := by.Score(y, predicted, nil, 2)
		if err != nil {
			return "", err
		}
		line += fmt.Sprintf("%s=%.4f ", name, score)
	}
	return fmt.Sprintf("%srows=%d", line, len(y)), nil
}
