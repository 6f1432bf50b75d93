package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
	"github.com/foretell-ml/foretell/pkg/source"
	"github.com/foretell-ml/foretell/pkg/training"
)

// costSet is a data set whose run is quoted and then done.
type costSet struct{ name, file, target string }

// costRuns quotes a run on each data set, with one trial of every learner that suits, does it on
// one core, and prints what was predicted beside what it took:
//
//	bench cost/<set>/<learner> predicted=<core seconds> measured=<core seconds> ratio=<predicted/measured>
//	bench cost/<set> predicted=… measured=… ratio=… quoted=$… actual=$… ratio=…
//
// The actual dollars are those of the train function for the same seconds of its cores.
func costRuns(ctx context.Context, sets, only string) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var logs []float64
	for _, set := range []costSet{
		{"penguins", "testdata/penguins.csv", "species"},
		{"adult-6000", "testdata/adult.csv", "income"},
		{"wine-quality-white", "testdata/wine-quality-white.csv", "quality"},
		{"adult", filepath.Join(sets, "adult-train.csv"), "income"},
		{"california", filepath.Join(sets, "california-housing.csv"), "median_house_value"},
	} {
		if !strings.Contains(set.name, only) {
			continue
		}
		ratio, err := set.run(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", set.name, err)
		}
		logs = append(logs, math.Abs(math.Log(ratio)))
	}
	worst := 0.0
	for _, l := range logs {
		worst = max(worst, l)
	}
	fmt.Printf("bench cost runs=%d worst-factor=%.2f\n", len(logs), math.Exp(worst))
	return nil
}

// costConfig has one trial of each learner, with params that keep the bench short.
const costConfig = `
model: cost
data: {source: %q, target: %s}
search: {strategy: grid}
configurations:
`

// costLearners are the configurations by the kinds of target that they do.
var costLearners = []struct{ line, does string }{
	{"{learner: baseline}", "number class"}, {"{learner: bayes}", "class"},
	{"{learner: linear, params: {l2: 1.0}}", "number"}, {"{learner: glm}", "number"},
	{"{learner: logistic}", "class"}, {"{learner: knn}", "number class"},
	{"{learner: mlp, params: {epochs: 10, members: 1, holdout: 0.0}}", "number class"},
	{"{learner: forest, params: {trees: 30}}", "number class"},
	{"{learner: boosting, params: {rounds: 100, leaves: [15, 63]}}", "number class"},
}

func (s costSet) run(ctx context.Context) (ratio float64, err error) {
	kind := "class"
	if s.target == "median_house_value" || s.target == "quality" {
		kind = "number"
	}
	text := fmt.Sprintf(costConfig, s.file, s.target)
	for _, l := range costLearners {
		if strings.Contains(l.does, kind) {
			text += "  - " + l.line + "\n"
		}
	}
	config, err := training.ParseConfig([]byte(text))
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "foretell-cost-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	store, err := dirstore.New(dir)
	if err != nil {
		return 0, err
	}
	open := func(ctx context.Context, name string) (dataset.Source, error) {
		return source.Open(ctx, name, source.Options{})
	}
	engine := &training.Engine{Registry: &registry.Registry{Store: store}, Source: open, Workers: 1, Now: time.Now}
	run, _, err := engine.Submit(ctx, config)
	if err != nil {
		return 0, err
	}
	measured := map[string]float64{}
	verdict, err := engine.Run(ctx, run, func(n training.News) {
		if r := n.Finished; r != nil {
			measured[r.Trial] = r.Usage.Seconds * r.Usage.Cores
		}
	})
	if err != nil {
		return 0, err
	}
	quote, err := engine.Quote(ctx, run)
	if err != nil {
		return 0, err
	}
	var said, took float64
	for _, t := range quote.Trials {
		said, took = said+t.CoreSeconds, took+measured[t.Trial]
		fmt.Printf("bench cost/%s/%s predicted=%.3g measured=%.3g ratio=%.2f\n", s.name, t.Trial, t.CoreSeconds, measured[t.Trial], t.CoreSeconds/measured[t.Trial])
	}
	fmt.Printf("bench cost/%s rows=%d predicted=%.3g measured=%.3g ratio=%.2f quoted=$%.5f actual=$%.5f ratio=%.2f\n",
		s.name, quote.Volume.Rows, said, took, said/took, verdict.Cost.Quoted, verdict.Cost.Actual, verdict.Cost.Quoted/verdict.Cost.Actual)
	return said / took, nil
}
