//go:build linux || darwin

package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/training"
)

// TestLiveTable draws a run at moments that are told, not measured.
func TestLiveTable(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	f := &following{now: func() time.Time { return now }}
	if got := f.frame(); got != "reading the data\n" {
		t.Errorf("%q", got)
	}
	f.saw(training.News{Plan: &training.Plan{Trials: 4, Metric: "roc_auc", Greater: true}})
	f.quote.Trials = []training.TrialQuote{{Trial: "0001-linear", Seconds: 1}, {Trial: "0002-boosting", Seconds: 3}}
	trial := func(id, learner string) *training.Trial { return &training.Trial{ID: id, Learner: learner} }
	result := func(id string, seconds float64, scores ...float64) *training.Result {
		return &training.Result{Trial: id, Scores: map[string][]float64{"roc_auc": scores}, Usage: &training.Usage{Seconds: seconds, MemoryMB: 1024}}
	}
	f.saw(training.News{Started: trial("0001-linear", "linear")})
	f.saw(training.News{Started: trial("0002-boosting", "boosting")})
	now = now.Add(10 * time.Second)
	f.saw(training.News{Finished: result("0001-linear", 10, 0.8, 0.9)})
	f.saw(training.News{Started: trial("0003-knn", "knn")})
	now = now.Add(2 * time.Second)
	// Of 4 trials of 2 s on average by the quote, 1 s is done, which took 12 s: 7 are left.
	frame := f.frame()
	for _, want := range []string{
		"trials  ██████░░░░░░░░░░░░░░░░░░ 1 of 4   12 s gone, about 84 s left   $0.000", "in the cloud so far",
		"best    0001-linear, roc_auc 0.85 ± 0.05", "now     0002-boosting  boosting   12 s", "        0003-knn       knn        2 s",
	} {
		if !strings.Contains(frame, want) {
			t.Errorf("%q is not in\n%s", want, frame)
		}
	}
	f.saw(training.News{Finished: result("0003-knn", 60, 0.7, 0.7)}) // was done before: 60 s did not go by
	if left, ok := f.left(); !ok || left != time.Minute {
		t.Errorf("%s left", left)
	}
	f.saw(training.News{Finished: result("0002-boosting", 12, 0.9, 0.9)})
	f.saw(training.News{Concluding: true})
	if got := f.frame(); !strings.Contains(got, "best    0002-boosting, roc_auc 0.9\nnow     making the final model\n") || strings.Contains(got, "left") {
		t.Errorf("%s", got)
	}
	if got := f.line(); got != "trials 3 of 4, best roc_auc 0.9 (0002-boosting)" {
		t.Errorf("%s", got)
	}
}

// TestTrainEvents: every line of --json is an object, and they tell the whole run.
func TestTrainEvents(t *testing.T) {
	store := t.TempDir()
	seen, last := map[string]int{}, trainEvent{}
	out := foretell(t, "train", "--json", "--store", store, smallConfig(t))
	for line := range strings.Lines(out) {
		last = trainEvent{}
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if seen[last.Event]++; last.Event == "trial" && (last.Finished != seen["trial"] || last.Trials != 12 || last.Result == nil || last.Standing.Trial != last.Result.Trial) {
			t.Errorf("%s", line)
		}
	}
	if seen["planned"] != 1 || seen["round"] != 1 || seen["trial"] != 12 || seen["concluding"] != 1 || seen["verdict"] != 1 || last.Verdict == nil || last.Verdict.Digest == "" {
		t.Errorf("%v, the last %+v", seen, last)
	}
}

// TestInterrupt sends the built command a Ctrl-C in the middle of a run: it stops with 130, says
// what is kept, and goes on from there to the model of a run in one piece.
func TestInterrupt(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "foretell")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	config := file(t, "long.yaml", "data: {source: ../../testdata/penguins.csv, target: species}\nsearch: {strategy: random, trials: 40}\n"+
		"configurations: [{learner: boosting, params: {rounds: [40, 60], learning_rate: {log: [0.05, 0.3]}}}]\nensemble: {size: 1}\n")
	store := t.TempDir()
	train := exec.Command(binary, "train", "--store", store, "--workers", "1", config)
	pipe, err := train.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := train.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(pipe)
	if line, err := said.ReadString('\n'); err != nil || !strings.HasPrefix(line, "trials 7 of 40, best log_loss ") {
		t.Errorf("%q, %v", line, err)
	}
	if err := train.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(said)
	if err != nil {
		t.Fatal(err)
	}
	_ = train.Wait() // its error is the exit code
	kept := regexp.MustCompile(`(\d+) of 40 trials of run (\S+) are finished`).FindStringSubmatch(string(rest))
	if train.ProcessState.ExitCode() != 130 || kept == nil || !strings.Contains(string(rest), "the same command goes on from there") {
		t.Fatalf("%d: %s", train.ProcessState.ExitCode(), rest)
	}
	if out := foretell(t, "runs", "--store", store); !strings.Contains(out, kept[2]) || !strings.Contains(out, "unfinished") || !strings.Contains(out, " "+kept[1]+"/40 ") {
		t.Errorf("kept %s:\n%s", kept[0], out)
	}
	again := foretell(t, "train", "--store", store, config)
	whole := foretell(t, "train", "--store", t.TempDir(), config)
	if !strings.Contains(again, "was started before") || digest(t, again) != digest(t, whole) {
		t.Errorf("%s\nis not\n%s", again, whole)
	}
}
