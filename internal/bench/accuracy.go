package main

import (
	"context"
	"fmt"
	"math"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/validate"
)

// foldCount is how many folds there are; row i is tested in fold i modulo foldCount, as
// testdata/peers/bench_accuracy.py does it.
const foldCount = 5

// problem is a data set with what is predicted and how that is scored.
type problem struct {
	name   string
	file   string
	test   string // rows to test, of the published split; "": folds of file
	target string
	task   dataset.Task
	grade  bool // classes: up to 4, 5, 6, 7 and above
	other  bool // made by testdata/peers/other_data.py
}

var problems = []problem{
	{"adult", "adult-train.csv", "", "income", dataset.Binary, false, false},
	{"adult-published", "adult-train.csv", "adult-test.csv", "income", dataset.Binary, false, false},
	{"california-housing", "california-housing.csv", "", "median_house_value", dataset.Regression, false, false},
	{"wine-quality-white", "wine-quality-white.csv", "", "quality", dataset.Regression, false, false},
	{"wine-quality-white-grade", "wine-quality-white.csv", "", "quality", dataset.Multiclass, true, false},
}

// others are the problems of make bench-other.
var others = []problem{
	{"digits", "digits.csv", "", "target", dataset.Multiclass, false, true},
	{"wine", "wine.csv", "", "target", dataset.Multiclass, false, true},
	{"iris", "iris.csv", "", "target", dataset.Multiclass, false, true},
	{"breast-cancer", "breast-cancer.csv", "", "target", dataset.Binary, false, true},
	{"few-informative", "few-informative.csv", "", "target", dataset.Binary, false, true},
	{"imbalanced", "imbalanced.csv", "", "target", dataset.Binary, false, true},
	{"diabetes", "diabetes.csv", "", "target", dataset.Regression, false, true},
	{"friedman1", "friedman1.csv", "", "target", dataset.Regression, false, true},
	{"friedman2", "friedman2.csv", "", "target", dataset.Regression, false, true},
	{"categories", "categories.csv", "", "target", dataset.Regression, false, true},
}

// contest is a learner of ours and its peers.
type contest struct {
	name    string
	ours    pipeline.Configuration
	metrics map[dataset.Task]string // that it is scored by, for the tasks it is tried on
	peers   []string
	same    bool // of the same columns, with a single peer: scores are to be equal
}

var (
	// scores are the metrics of learners whose probabilities have a logarithm.
	scores = map[dataset.Task]string{dataset.Regression: "rmse", dataset.Binary: "roc_auc", dataset.Multiclass: "log_loss"}
	// forestScores are those of forests: leaves of one row have probabilities of 0, and their
	// log loss would say at what number the logarithm is cut off.
	forestScores = map[dataset.Task]string{dataset.Regression: "rmse", dataset.Binary: "roc_auc", dataset.Multiclass: "brier"}
	valueScores  = map[dataset.Task]string{dataset.Regression: "rmse"}
	classScores  = map[dataset.Task]string{dataset.Binary: "roc_auc", dataset.Multiclass: "log_loss"}
)

// contests are the learners with equal budgets; all else is everybody's default.
var contests = []contest{
	{"boosting", pipeline.Configuration{Learner: "boosting", Params: map[string]any{"rounds": 100, "learning_rate": 0.1, "leaves": 31}},
		scores, []string{"lightgbm", "xgboost", "hist-gradient"}, false},
	{"forest", pipeline.Configuration{Learner: "forest", Params: map[string]any{"trees": 100}},
		forestScores, []string{"random-forest", "random-forest-onehot"}, false},
	{"forest-extra", pipeline.Configuration{Learner: "forest", Params: map[string]any{"trees": 100, "extra": true, "bootstrap": false}},
		forestScores, []string{"extra-trees", "extra-trees-onehot"}, false},
	{"linear", pipeline.Configuration{Learner: "linear"}, valueScores, []string{"linear", "ridge"}, false},
	{"logistic", pipeline.Configuration{Learner: "logistic"}, classScores, []string{"logistic"}, false},
	{"knn", pipeline.Configuration{Learner: "knn"}, forestScores, []string{"neighbours"}, false},
	{"mlp", pipeline.Configuration{Learner: "mlp"}, scores, []string{"perceptron"}, false},
	{"linear-same", pipeline.Configuration{Learner: "linear"}, valueScores, []string{"linear-same"}, true},
	{"ridge-same", pipeline.Configuration{Learner: "linear", Params: map[string]any{"l2": 1}}, valueScores, []string{"ridge-same"}, true},
	{"logistic-same", pipeline.Configuration{Learner: "logistic"}, classScores, []string{"logistic-same"}, true},
}

// scored are the scores by fold of one side.
type scored struct {
	name  string
	folds []float64
}

// accuracy prints a line for each problem and learner: scores, each with its standard error over
// folds; the best peer; by how much ours is ahead of it, fold by fold, and the standard error of that;
// and whether ours is within one standard error of the best, and ahead of the median of the peers;
// of learners on the same columns, whether their scores are equal.
func accuracy(ctx context.Context, problems []problem, folder, python, only string) error {
	for _, p := range problems {
		for _, c := range contests {
			name := p.name + "/" + c.name
			by := c.metrics[p.task]
			if by == "" || c.same && p.other || !strings.Contains("accuracy/"+name, only) {
				continue
			}
			m, err := metric.ByName(by)
			if err != nil {
				return err
			}
			var ours []float64
			if c.same {
				ours, err = p.scoreSame(ctx, folder, c, m)
			} else {
				ours, err = p.score(ctx, folder, c.ours, m)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			var peers []scored
			for _, peer := range c.peers {
				s, err := peerScores(python, peer, folder, p.name, by)
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				peers = append(peers, s)
			}
			line := verdict(m, ours, peers)
			if c.same {
				line += equalScores(ours, peers[0])
			}
			fmt.Printf("bench accuracy/%s %s %s\n", name, by, line)
		}
	}
	return nil
}

// verdict is what accuracy prints behind the name of a case.
func verdict(m metric.Metric, ours []float64, peers []scored) string {
	var line strings.Builder
	mean, deviation := meanAndError(ours)
	fmt.Fprintf(&line, "ours=%.5g±%.2g", mean, deviation)
	best, means := peers[0], []float64{}
	for _, peer := range peers {
		own, deviation := meanAndError(peer.folds)
		fmt.Fprintf(&line, " %s=%.5g±%.2g", peer.name, own, deviation)
		means = append(means, own)
		if bestMean, _ := meanAndError(best.folds); m.Better(own, bestMean) {
			best = peer
		}
	}
	sign := -1.0
	if m.Greater {
		sign = 1
	}
	gaps := make([]float64, len(ours))
	for i := range gaps {
		gaps[i] = sign * (ours[i] - best.folds[i])
	}
	gap, gapError := meanAndError(gaps)
	_, fold := meanAndError(best.folds)
	slices.Sort(means)
	median := (means[(len(means)-1)/2] + means[len(means)/2]) / 2
	fmt.Fprintf(&line, " best=%s gap=%+.2g±%.2g within=%v ahead=%v", best.name, gap, gapError, gap >= -fold, sign*(mean-median) >= 0)
	return line.String()
}

// meanAndError is the mean of scores over folds and its standard error.
func meanAndError(scores []float64) (mean, deviation float64) {
	n := float64(len(scores))
	for _, s := range scores {
		mean += s / n
	}
	for _, s := range scores {
		deviation += (s - mean) * (s - mean) / (n - 1)
	}
	return mean, math.Sqrt(deviation / n)
}

// peerScores are those that testdata/peers/bench_accuracy.py prints.
func peerScores(python, peer, folder, problem, metric string) (scored, error) {
	c := exec.Command(python, "testdata/peers/bench_accuracy.py", peer, folder, problem, metric)
	out, err := c.Output()
	if err != nil {
		var fault []byte
		if exit, ok := err.(*exec.ExitError); ok {
			fault = exit.Stderr
		}
		return scored{}, fmt.Errorf("%s: %w: %s", peer, err, fault)
	}
	fields := strings.Fields(string(out))
	if len(fields) != 1+foldCount {
		return scored{}, fmt.Errorf("%s printed %q, want a version and %d scores", peer, out, foldCount)
	}
	s := scored{name: peer + "-" + fields[0]}
	for _, field := range fields[1:] {
		v, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return scored{}, fmt.Errorf("%s: %w", peer, err)
		}
		s.folds = append(s.folds, v)
	}
	return s, nil
}

// score fits a pipeline for each fold and scores it on the fold. With rows to test it is fitted
// once, and the folds are of those rows.
func (p problem) score(ctx context.Context, folder string, c pipeline.Configuration, m metric.Metric) ([]float64, error) {
	table, target, y, err := p.read(ctx, folder, p.file)
	if err != nil {
		return nil, err
	}
	tested, testedY := table, y
	var fitted *pipeline.Pipeline
	if p.test != "" {
		if fitted, err = pipeline.Fit(ctx, pipeline.Data{Inputs: table, Y: y}, target, c, 1); err != nil {
			return nil, err
		}
		if tested, _, testedY, err = p.read(ctx, folder, p.test); err != nil {
			return nil, err
		}
		if tested, _, err = tested.Conform(fitted.Schema); err != nil {
			return nil, err
		}
	}
	assigned := make([]int, tested.Rows())
	for i := range assigned {
		assigned[i] = i % foldCount
	}
	var scores []float64
	for _, fold := range validate.Folds(assigned, foldCount) {
		of := fitted
		if of == nil {
			if of, err = pipeline.Fit(ctx, pipeline.Data{Inputs: table, Y: y}.Select(fold.Train), target, c, 1); err != nil {
				return nil, err
			}
		}
		predicted, err := of.Predict(tested.Select(fold.Test))
		if err != nil {
			return nil, err
		}
		score, err := m.Score(pick(testedY, fold.Test), predicted, nil, target.Outputs())
		if err != nil {
			return nil, err
		}
		scores = append(scores, score)
	}
	return scores, nil
}

// read returns the inputs of a file and its target.
func (p problem) read(ctx context.Context, folder, file string) (*dataset.Table, pipeline.Target, []float64, error) {
	none := pipeline.Target{}
	parts, err := dataset.Files(folder + "/" + file)
	if err != nil {
		return nil, none, nil, err
	}
	table, _, err := dataset.Read(ctx, dataset.CSV{Files: parts}, dataset.Options{})
	if err != nil {
		return nil, none, nil, err
	}
	column := table.Column(p.target)
	if column == nil {
		return nil, none, nil, fmt.Errorf("%s has no column %q", file, p.target)
	}
	inputs := table.Without(p.target)
	if p.grade {
		target := pipeline.Target{Name: p.target, Type: column.Type, Task: p.task, Classes: []string{"4", "5", "6", "7", "8"}}
		y := slices.Clone(column.Values)
		for i, q := range y {
			y[i] = min(max(q-4, 0), 4)
		}
		return inputs, target, y, nil
	}
	target, err := pipeline.NewTarget(column, p.task)
	if err != nil {
		return nil, none, nil, err
	}
	return inputs, target, target.Values(column), nil
}

// pick returns the values of the given rows.
func pick(values []float64, rows []int) []float64 {
	picked := make([]float64, len(rows))
	for i, r := range rows {
		picked[i] = values[r]
	}
	return picked
}
