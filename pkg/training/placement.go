package training

import (
	"context"
	"fmt"
	"runtime"
	"strconv"

	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/topology"
)

// Place is where a trial runs.
type Place string

// The places, from the one that is tried first.
const (
	OnLambda    Place = "lambda"
	OnFargate   Place = "fargate"
	OnSageMaker Place = "sagemaker"
	Nowhere     Place = "nowhere" // nothing has so much memory
)

// demand is what a trial takes.
type demand struct {
	memoryMB int
	work     float64 // seconds on one core
	folds    int     // that may run side by side
}

// Room that a trial takes beside its data: the program itself, and what the collector leaves
// lying until it is worth collecting.
const (
	programMB = 60
	slack     = 1.5
)

// Margins of a placement: memory and time are predicted within these factors.
const (
	memoryMargin = 0.85
	timeMargin   = 0.6
)

// demand predicts what a trial takes, from the size of the data, its params and its rung.
func (v Volume) demand(t Trial) (demand, error) {
	c := t.configuration()
	l, err := model.New(c.Learner, c.Params)
	if err != nil {
		return demand{}, err
	}
	learner, rows := c.Learner, v.Train
	if !t.Rung.Top() && t.Rung.Resource == byRows {
		rows = int(float64(t.Rung.Share * float64(rows)))
	}
	needs := model.NeedsOf(learner)
	shape := v.shape(needs, rows)
	fit := float64(model.Seconds(learner, model.Work(l, shape, v.Judge))) + v.Kinds.encodeTime(needs, rows+v.Judge)
	// A fold has its rows, these encoded twice over while columns become a matrix, and the fit.
	fold := v.Prepared + 16*int64(rows)*int64(shape.Columns) + model.Memory(l, shape)
	side := int64(min(v.Folds, trainFunction().CPUs()))
	memory := 2*v.Prepared + side*fold
	return demand{memoryMB: programMB + int(float64(slack*float64(memory))/(1<<20)), work: float64(float64(v.Folds) * fit), folds: v.Folds}, nil
}

// sideBySide is how many members of a final model are fitted at a time: as many as workers, 0 being
// one per core, and as have room in the function that trials run in, since they learn from more
// rows than a fold has. Fits that leave no room for another use all cores by themselves.
func (v Volume) sideBySide(cs []pipeline.Configuration, workers int) (int, error) {
	largest := int64(0)
	for _, c := range cs {
		l, err := model.New(c.Learner, c.Params)
		if err != nil {
			return 0, err
		}
		shape := v.shape(model.NeedsOf(c.Learner), v.Rows)
		largest = max(largest, v.Prepared+16*int64(v.Rows)*int64(shape.Columns)+model.Memory(l, shape))
	}
	room := float64(memoryMargin*float64(trainFunction().MemoryMB)) - programMB
	most := int((room*(1<<20)/slack - float64(2*v.Prepared)) / float64(max(1, largest)))
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return max(1, min(workers, most, len(cs))), nil
}

// shape is that of so many rows as a learner has them.
func (v Volume) shape(needs model.Needs, rows int) model.Shape {
	return model.Shape{Rows: rows, Columns: v.Kinds.width(needs), Classes: v.Classes, Weighted: v.Weighted, Bins: v.Bins, Mixed: v.Mixed,
		Dependent: v.Kinds.Categories > 0 && !needs.Categories}
}

// predicting is what it takes to predict a row by models of some configurations, in seconds on one
// core, of many rows at once.
func (v Volume) predicting(cs []pipeline.Configuration) (seconds float64, err error) {
	const rows = 1000
	for _, c := range cs {
		l, err := model.New(c.Learner, c.Params)
		if err != nil {
			return 0, err
		}
		needs := model.NeedsOf(c.Learner)
		shape := v.shape(needs, v.Rows)
		work := model.Work(l, shape, rows) - model.Work(l, shape, 0)
		seconds += float64(model.Seconds(c.Learner, work)) + v.Kinds.encodeTime(needs, rows)
	}
	return seconds / rows, nil
}

// trainFunction is the function that trials run in.
func trainFunction() topology.Function { return function("train") }

func function(name string) topology.Function {
	for _, f := range topology.Functions {
		if f.Name == name {
			return f
		}
	}
	panic("training: topology has no function " + name)
}

// functionCores are those that are paid for, however many threads there are.
func functionCores() float64 { return float64(trainFunction().MemoryMB) / 1769 }

// placed is a trial on a machine.
type placed struct {
	place   Place
	seconds float64 // from start to end
	dollars float64 // of the machine, requests aside
	size    topology.Size
}

// Time until the program of a trial runs: a function starts at once, a task has to be placed and
// its image loaded, an instance has to be started. All but the function's is paid for in part.
const (
	fargateStart   = 40
	sageMakerStart = 180
	fargateLeast   = 60 // seconds that are paid for at least
)

// Task is the size of a task, in the units and the form in which ECS takes them.
type Task struct {
	CPU    string `json:"cpu"`    // 1024 are a core
	Memory string `json:"memory"` // MiB
}

// tasks tells whether a trial is for a task, and the cloud has such.
func (e *Engine) tasks(t TrialQuote) bool {
	return e.Cloud && t.PlacedOn == OnFargate && e.Large == OnFargate
}

// task is the one for a trial; nil if a function does it.
func (e *Engine) task(t TrialQuote) *Task {
	size, ok := topology.Fargate(t.MemoryMB)
	if !e.tasks(t) || !ok {
		return nil
	}
	return &Task{CPU: strconv.Itoa(1024 * size.CPUs), Memory: strconv.Itoa(size.MemoryMB)}
}

// placeTasks notes at the trials of a later round which of them are for tasks.
func (e *Engine) placeTasks(plan Plan, trials []Trial) error {
	quotes, err := plan.Volume.quoteTrials(trials)
	if err != nil {
		return err
	}
	for i, q := range quotes {
		if trials[i].Task = e.task(q); trials[i].Task != nil {
			trials[i].PlacedOn = q.PlacedOn
		}
	}
	return nil
}

// concluding is the task that concludes a run: as large as its largest trial's, since the final
// model may be of that configuration, and learns from more rows, but from no two folds at once.
func (e *Engine) concluding(ctx context.Context, run RunID) (*Task, error) {
	if !e.Cloud || e.Large != OnFargate {
		return nil, nil
	}
	trials, err := e.listed(ctx, run, 0)
	if err != nil {
		return nil, err
	}
	var largest *Task
	for _, t := range trials {
		if t.Task == nil {
			continue
		}
		a, _ := strconv.Atoi(t.Task.Memory) // ours
		if b := 0; largest != nil {
			if b, _ = strconv.Atoi(largest.Memory); a <= b {
				continue
			}
		}
		largest = t.Task
	}
	return largest, nil
}

// place finds the first place that has the memory and the time for a trial.
func (d demand) place() placed {
	f := trainFunction()
	seconds := d.work / max(1, min(float64(d.folds), functionCores()))
	if float64(d.memoryMB) <= memoryMargin*float64(f.MemoryMB) && seconds <= timeMargin*f.Timeout.Seconds() {
		size := topology.Size{Name: f.Name, CPUs: f.CPUs(), MemoryMB: f.MemoryMB}
		return placed{OnLambda, seconds, float64(seconds * lambdaSecond(f.MemoryMB)), size}
	}
	if size, ok := topology.Fargate(d.memoryMB); ok {
		seconds := d.work / float64(min(d.folds, f.CPUs())) // more folds at a time would take more memory
		return placed{OnFargate, seconds + fargateStart, max(seconds+fargateStart/2, fargateLeast) * size.PerHour / 3600, size}
	}
	if size, ok := topology.SageMaker(d.memoryMB); ok {
		seconds := d.work / float64(min(d.folds, size.CPUs))
		return placed{OnSageMaker, seconds + sageMakerStart, (seconds + sageMakerStart/2) * size.PerHour / 3600, size}
	}
	return placed{place: Nowhere}
}

// lambdaSecond is what a second of a function with so much memory costs, in dollars.
func lambdaSecond(memoryMB int) float64 {
	return float64(float64(memoryMB) / 1024 * topology.LambdaDuration.Dollars)
}

// PlacementError says which trials fit nothing that is deployed.
type PlacementError struct {
	Trials []TrialQuote // the largest first
}

func (e *PlacementError) Error() string {
	f := trainFunction()
	t := e.Trials[0]
	where := "which no task has room for"
	if t.PlacedOn == OnFargate {
		where = "which is work for fargate, and no tasks are deployed (large of the stage, docs/deploy.md)"
	}
	return fmt.Sprintf("%d trials do not fit a function of %d MB and %.0f minutes; %s is predicted to take %d MB and %.0f minutes, %s; %s",
		len(e.Trials), f.MemoryMB, f.Timeout.Minutes(), t.Trial, t.MemoryMB, t.Seconds/60, where, remedies)
}

// remedies are what makes a run smaller.
const remedies = "read a sample of the rows (data.sample, --sample), try fewer rounds, trees or epochs, or fewer trials; or train on a machine of your own by foretell train"
