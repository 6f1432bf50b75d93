package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
	"github.com/foretell-ml/foretell/pkg/source"
	"github.com/foretell-ml/foretell/pkg/training"
)

// costSet is a data set whose run is quoted and then done.
type costSet struct{ name, file, target, task string }

// costRuns quotes runs on each data set, does them on one core, and prints what was predicted beside
// what it took: once with one trial of every learner that suits, once with what a portfolio begins
// with. Seconds are those that the processor worked, so that other programs do not count:
//
//	bench cost/<set>/<search>/<trial> predicted=<core seconds> measured=<core seconds> ratio=<predicted/measured>
//	bench cost/<set>/<search>/conclude predicted=… measured=… ratio=…
//	bench cost/<set>/<search> predicted=… measured=… ratio=… quoted=$… actual=$… ratio=…
//
// The last line is of the trials together; the actual dollars are those of the train function for
// the same seconds of its cores.
func costRuns(ctx context.Context, folder, sets, only string) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var logs []float64
	for _, set := range []costSet{
		{"penguins", "testdata/penguins.csv", "species", "multiclass"},
		{"adult-6000", "testdata/adult.csv", "income", "binary"},
		{"wine-quality-white", "testdata/wine-quality-white.csv", "quality", "regression"},
		{"wine-quality-white-class", "testdata/wine-quality-white.csv", "quality", "multiclass"},
		{"digits", filepath.Join(folder, "other", "digits.csv"), "target", "multiclass"},
		{"adult", filepath.Join(sets, "adult-train.csv"), "income", "binary"},
		{"california", filepath.Join(sets, "california-housing.csv"), "median_house_value", "regression"},
	} {
		for _, search := range []string{"learners", "portfolio"} {
			name := set.name + "/" + search
			if !strings.Contains(name+"/", only) {
				continue
			}
			ratio, err := set.run(ctx, name, search)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			logs = append(logs, math.Abs(math.Log(ratio)))
		}
	}
	worst := 0.0
	for _, l := range logs {
		worst = max(worst, l)
	}
	fmt.Printf("bench cost runs=%d worst-factor=%.2f\n", len(logs), math.Exp(worst))
	return nil
}

// costConfig is the part that both searches have. What of the wines is too rare to be learned is
// accepted.
const costConfig = `
model: cost
data: {source: %q, target: %s, task: %s}
accept: [classes]
`

// costLearners are the configurations by the kinds of target that they do, with params that keep
// the bench short.
var costLearners = []struct{ line, does string }{
	{"{learner: baseline}", "number class"}, {"{learner: bayes}", "class"},
	{"{learner: linear, params: {l2: 1.0}}", "number"}, {"{learner: glm}", "number"},
	{"{learner: logistic}", "class"}, {"{learner: knn}", "number class"},
	{"{learner: mlp, params: {epochs: 10, members: 1, holdout: 0.0}}", "number class"},
	{"{learner: forest, params: {trees: 30}}", "number class"},
	{"{learner: boosting, params: {rounds: 100, leaves: [15, 63]}}", "number class"},
}

// portfolioWork is how many core-seconds a portfolio is given, as they are predicted.
const portfolioWork = 40

// config is that of a run.
func (s costSet) config(search string) (training.Config, error) {
	kind := "class"
	if s.task == "regression" {
		kind = "number"
	}
	text := fmt.Sprintf(costConfig, s.file, s.target, s.task)
	if search == "portfolio" {
		text += fmt.Sprintf("search: {strategy: portfolio, work: %d}\n", portfolioWork)
		return training.ParseConfig([]byte(text))
	}
	text += "search: {strategy: grid}\nconfigurations:\n"
	for _, l := range costLearners {
		if strings.Contains(l.does, kind) {
			text += "  - " + l.line + "\n"
		}
	}
	return training.ParseConfig([]byte(text))
}

func (s costSet) run(ctx context.Context, name, search string) (ratio float64, err error) {
	config, err := s.config(search)
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
	engine := &training.Engine{Registry: &registry.Registry{Store: store}, Source: open, Workers: 1, Now: worked}
	run, _, err := engine.Submit(ctx, config)
	if err != nil {
		return 0, err
	}
	measured := map[string]float64{}
	var concluding time.Time
	verdict, err := engine.Run(ctx, run, func(n training.News) {
		if r := n.Finished; r != nil {
			measured[r.Trial] = r.Usage.Seconds * r.Usage.Cores
		}
		if n.Concluding {
			concluding = worked()
		}
	})
	if err != nil {
		return 0, err
	}
	conclude := worked().Sub(concluding).Seconds()
	quote, err := engine.Quote(ctx, run)
	if err != nil {
		return 0, err
	}
	var said, took float64
	for _, t := range quote.Trials {
		said, took = said+t.CoreSeconds, took+measured[t.Trial]
		fmt.Printf("bench cost/%s/%s predicted=%.3g measured=%.3g ratio=%.2f\n", name, t.Trial, t.CoreSeconds, measured[t.Trial], t.CoreSeconds/measured[t.Trial])
	}
	fmt.Printf("bench cost/%s/conclude predicted=%.3g measured=%.3g ratio=%.2f\n", name, quote.Conclude, conclude, quote.Conclude/conclude)
	fmt.Printf("bench cost/%s rows=%d predicted=%.3g measured=%.3g ratio=%.2f quoted=$%.5f actual=$%.5f ratio=%.2f\n",
		name, quote.Volume.Rows, said, took, said/took, verdict.Cost.Quoted, verdict.Cost.Actual, verdict.Cost.Quoted/verdict.Cost.Actual)
	return said / took, nil
}

// worked is a clock that goes while this process works, on all cores together.
func worked() time.Time {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic("bench: getrusage: " + err.Error()) // which takes no argument that could be wrong
	}
	return time.Unix(0, used.Utime.Nano()+used.Stime.Nano())
}
