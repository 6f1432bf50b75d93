package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/search"
	"github.com/foretell-ml/foretell/pkg/validate"
)

// portfolioSet is a line of sets.json, which testdata/peers/portfolio_data.py writes.
type portfolioSet struct {
	Name    string       `json:"name"`
	Size    search.Size  `json:"size"`
	Task    dataset.Task `json:"task"`
	Target  string       `json:"target"`
	Rows    int          `json:"rows"`
	Columns int          `json:"columns"`
}

// measured is a line of the matrix: a candidate's scores on a set.
type measured struct {
	Set       string           `json:"set"`
	Candidate search.Candidate `json:"candidate"`
	Scores    []float64        `json:"scores,omitempty"` // by fold, in the task's default metric
	Error     string           `json:"error,omitempty"`
}

func (m measured) key() string {
	text, err := json.Marshal(m.Candidate)
	exit(err)
	return m.Set + string(text)
}

var tasks = []dataset.Task{dataset.Regression, dataset.Binary, dataset.Multiclass}

const (
	portfolioFolds = 3
	portfolioSeed  = 1
	portfolioSize  = 16 // what is kept of each task's candidates
)

// whole are the candidates that were measured on every set.
func whole(sets []portfolioSet, all []search.Candidate, known map[string]measured) []search.Candidate {
	return slices.DeleteFunc(all, func(c search.Candidate) bool {
		return slices.ContainsFunc(sets, func(s portfolioSet) bool {
			_, is := known[measured{Set: s.Name, Candidate: c}.key()]
			return !is
		})
	})
}

// portfolio measures every candidate on every set of a folder, goes on where it was interrupted,
// and writes the portfolio that follows.
func portfolio(ctx context.Context, folder, out string, until time.Time) error {
	text, err := os.ReadFile(filepath.Join(folder, "sets.json"))
	if err != nil {
		return err
	}
	var sets []portfolioSet
	if err := json.Unmarshal(text, &sets); err != nil {
		return err
	}
	path := filepath.Join(folder, "matrix.jsonl")
	known, err := readMatrix(path)
	if err != nil {
		return err
	}
	var missing []measured
	most := 0
	for _, task := range tasks {
		most = max(most, len(candidates(task, search.Few)))
	}
	for n := range most { // the first candidates on all sets, then the next
		for _, set := range sets {
			if all := candidates(set.Task, set.Size); n < len(all) {
				if m := (measured{Set: set.Name, Candidate: all[n]}); known[m.key()].Set == "" {
					missing = append(missing, m)
				}
			}
		}
	}
	total := len(known) + len(missing)
	if err := measureAll(ctx, folder, path, sets, missing, until); err != nil {
		return err
	}
	if known, err = readMatrix(path); err != nil {
		return err
	}
	fmt.Printf("portfolio: %d of %d are measured\n", len(known), total)
	return choose(sets, known, out)
}

func readMatrix(path string) (map[string]measured, error) {
	known := map[string]measured{}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return known, nil
	} else if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var m measured
		if json.Unmarshal(lines.Bytes(), &m) == nil { // the last line may have been cut off
			known[m.key()] = m
		}
	}
	return known, lines.Err()
}

// measureAll appends to the matrix, a core each.
func measureAll(ctx context.Context, folder, path string, sets []portfolioSet, missing []measured, until time.Time) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	byName := map[string]portfolioSet{}
	for _, s := range sets {
		byName[s.Name] = s
	}
	jobs := make(chan measured)
	var workers sync.WaitGroup
	var writing sync.Mutex
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for m := range jobs {
				var err error
				if m.Scores, err = byName[m.Set].measure(ctx, folder, m.Candidate); err != nil {
					m.Error = err.Error()
				}
				line, err := json.Marshal(m)
				exit(err)
				writing.Lock()
				_, err = file.Write(append(line, '\n'))
				writing.Unlock()
				exit(err)
			}
		})
	}
	for _, m := range missing {
		if time.Now().Before(until) {
			jobs <- m
		}
	}
	close(jobs)
	workers.Wait()
	return nil
}

// measure scores a candidate on each fold of a set.
func (s portfolioSet) measure(ctx context.Context, folder string, c search.Candidate) (scores []float64, err error) {
	p := problem{file: s.Name + ".csv", target: s.Target, task: s.Task}
	table, target, y, err := p.read(ctx, folder, p.file)
	if err != nil {
		return nil, err
	}
	by := metric.Default(s.Task)
	rows := validate.Rows{N: len(y)}
	if s.Task.Classification() {
		for _, class := range y {
			rows.Classes = append(rows.Classes, int(class))
		}
	}
	folds, err := validate.KFold(rows, portfolioFolds, portfolioSeed)
	if err != nil {
		return nil, err
	}
	data := pipeline.Data{Inputs: table, Y: y}
	for _, fold := range folds {
		fitted, err := pipeline.Fit(ctx, data.Select(fold.Train), target, pipeline.Configuration{Learner: c.Learner, Params: c.Params}, portfolioSeed)
		if err != nil {
			return nil, err
		}
		test := data.Select(fold.Test)
		predicted, err := fitted.Predict(test.Inputs)
		if err != nil {
			return nil, err
		}
		score, err := by.Score(test.Y, predicted, nil, target.Outputs())
		if err != nil || math.IsNaN(score) {
			return nil, fmt.Errorf("%s is %v, %w", by.Name, score, err)
		}
		scores = append(scores, score)
	}
	return scores, nil
}

// regrets are by set, then candidate: 0 is the best of all, and 1 no better than the median. They
// are of the mean of the folds, or of one of them.
func regrets(sets []portfolioSet, all []search.Candidate, known map[string]measured, of func(scores []float64) float64) [][]float64 {
	matrix := make([][]float64, len(sets))
	for i, set := range sets {
		by := metric.Default(set.Task)
		losses := make([]float64, len(all))
		for j, c := range all {
			m := known[measured{Set: set.Name, Candidate: counterpart(set.Task, c)}.key()]
			losses[j] = math.Inf(1)
			if m.Error == "" && len(m.Scores) == portfolioFolds {
				losses[j] = of(m.Scores)
				if by.Greater {
					losses[j] = -losses[j]
				}
			}
		}
		sorted := slices.Sorted(slices.Values(losses))
		least, middle := sorted[0], sorted[len(sorted)/2]
		matrix[i] = make([]float64, len(all))
		for j, loss := range losses {
			matrix[i][j] = min((loss-least)/max(middle-least, 1e-12), 1)
		}
	}
	return matrix
}

// counterpart is the candidate of a task that is like one of another: linear and logistic models
// with the same penalty are.
func counterpart(task dataset.Task, c search.Candidate) search.Candidate {
	switch {
	case task.Classification() && c.Learner == "linear":
		c.Learner = "logistic"
	case !task.Classification() && c.Learner == "logistic":
		c.Learner = "linear"
	}
	return c
}

// byFold are the regrets of every fold of every set, a set's beside each other. The portfolio is
// found on them: a candidate that is best on a set by a little is not so on each fold, and what
// is left to gain when all sets have a good one tells which others are worth having. Sets of all
// tasks count: a task's own are too few to tell candidates apart.
func byFold(sets []portfolioSet, all []search.Candidate, known map[string]measured) (matrix [][]float64) {
	folds := make([][][]float64, portfolioFolds)
	for f := range folds {
		folds[f] = regrets(sets, all, known, func(scores []float64) float64 { return scores[f] })
	}
	for i := range sets {
		for f := range folds {
			matrix = append(matrix, folds[f][i])
		}
	}
	return matrix
}
