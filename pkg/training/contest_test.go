package training

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// ring writes rows whose class is whether (x, y) lies in a ring, a share of them at random: a
// line does not find it, trees do.
func ring(t *testing.T, file string, from, rows int, noise float64) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w := csv.NewWriter(f)
	w.Write([]string{"x", "y", "inside"})
	for i := from; i < from+rows; i++ {
		random := seed.Rand(seed.Derive(1, "ring", i))
		x, y := 2*random.Float64()-1, 2*random.Float64()-1
		inside := x*x+y*y < 0.6
		if random.Float64() < noise {
			inside = random.IntN(2) == 0
		}
		w.Write([]string{fmt.Sprintf("%.4f", x), fmt.Sprintf("%.4f", y), fmt.Sprint(inside)})
	}
	w.Flush()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestContests has a good and a bad configuration follow each other as champion and
// challenger, under each rule, on rows that were held out and out of fold.
func TestContests(t *testing.T) {
	folder := t.TempDir()
	few, many, fresh := filepath.Join(folder, "few.csv"), filepath.Join(folder, "many.csv"), filepath.Join(folder, "fresh.csv")
	ring(t, few, 0, 600, 0.1)
	ring(t, many, 0, 1500, 0.1)
	ring(t, fresh, 5000, 400, 0.1)
	const trees = "{learner: boosting, params: {rounds: 30, leaves: 7}}"
	const line = "{learner: logistic}"
	for name, c := range map[string]struct {
		data, first, second, promote string
		promoted                     bool
		reason                       string
		on                           []Rows
	}{
		"better":                           {many, line, trees, "{when: better}", true, "better than version 1: roc_auc gains 0.", []Rows{HeldOut}},
		"by the default rule, out of fold": {few, line, trees, "{}", true, "out-of-fold rows", []Rows{OutOfFold}},
		"worse":                            {many, trees, line, "{when: better}", false, "not proven better than version 1", []Rows{HeldOut}},
		"worse out of fold":                {few, trees, line, "{when: not-worse}", false, "worse than version 1: roc_auc gains -0.", []Rows{OutOfFold}},
		"about the same":                   {many, trees, "{learner: boosting, params: {rounds: 31, leaves: 7}}", "{when: not-worse}", true, "not worse than version 1", []Rows{HeldOut}},
		"not by enough":                    {many, line, trees, "{when: better, minimum_gain: 0.9}", false, "not proven better than version 1 by 0.9", []Rows{HeldOut}},
		"always":                           {many, trees, line, "{when: always}", true, "replaces version 1", []Rows{HeldOut}},
		"never":                            {many, line, trees, "{when: never}", false, "promote.when: never", []Rows{HeldOut}},
		"on fresh rows too":                {many, line, trees, "{when: better, window: " + fresh + "}", true, "fresh rows", []Rows{HeldOut, Fresh}},
		"fresh rows decide":                {few, trees, line, "{when: better, window: " + fresh + "}", false, "not proven better", []Rows{OutOfFold, Fresh}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := engine(t)
			run := func(configuration, promote string) Verdict {
				verdict, err := e.Run(ctx, submit(t, e, parse(t, fmt.Sprintf("model: ring\ndata: {source: %s, target: inside}\nvalidation: {folds: 3}\nconfigurations: [%s]\nsearch: {trials: 1}\npromote: %s\n", c.data, configuration, promote))), nil)
				if err != nil {
					t.Fatal(err)
				}
				return verdict
			}
			if first := run(c.first, "{}"); !first.Promoted || first.Contest.Champion != 0 || first.Reason != "first version" {
				t.Fatalf("first: %+v", first)
			}
			got := run(c.second, c.promote)
			if got.Promoted != c.promoted || !strings.Contains(got.Reason, c.reason) || got.Contest.Champion != 1 || got.Contest.Version != 2 {
				t.Errorf("promoted %t because %q, contest %+v; want %t, %q", got.Promoted, got.Reason, got.Contest, c.promoted, c.reason)
			}
			var on []Rows
			for _, comparison := range got.Contest.Comparisons {
				on = append(on, comparison.On)
				if comparison.Rows < 100 || comparison.Low >= comparison.High || comparison.Metric != "roc_auc" {
					t.Errorf("%+v", comparison)
				}
			}
			if fmt.Sprint(on) != fmt.Sprint(c.on) {
				t.Errorf("compared on %v, want %v", on, c.on)
			}
			champion, _, err := e.Registry.Alias(ctx, "ring", registry.Champion)
			if want := map[bool]int{false: 1, true: 2}[c.promoted]; err != nil || champion.Version != want {
				t.Errorf("champion %+v, %v", champion, err)
			}
		})
	}
}

// TestIncomparable replaces the champion by what cannot be compared with the new version.
func TestIncomparable(t *testing.T) {
	folder := t.TempDir()
	data, other := filepath.Join(folder, "ring.csv"), filepath.Join(folder, "other.csv")
	ring(t, data, 0, 300, 0)
	ring(t, other, 9000, 300, 0)
	config := "model: ring\ndata: {source: %s, target: %s}\nvalidation: {folds: 3}\nconfigurations: [{learner: baseline}]\nsearch: {trials: 1}\n"
	for _, c := range []struct{ first, target, reason string }{
		{data, "x", `version 1 predicts something else: regression of "x"`},
		{other, "inside", "the runs have 0 rows in common; 30 are needed"},
	} {
		e := engine(t)
		for _, text := range []string{fmt.Sprintf(config, c.first, c.target), fmt.Sprintf(config, data, "inside")} {
			verdict, err := e.Run(ctx, submit(t, e, parse(t, text)), nil)
			if err != nil {
				t.Fatal(err)
			}
			if verdict.Version == 2 && (verdict.Promoted || !strings.Contains(verdict.Reason, c.reason)) {
				t.Errorf("promoted %t because %q, want %q", verdict.Promoted, verdict.Reason, c.reason)
			}
		}
	}
}

// TestContestStands kills a run when its contest is written, and moves champion before the
// run goes on: the numbers that were decided by stay, and champion is left alone.
func TestContestStands(t *testing.T) {
	e := engine(t)
	if _, err := e.Run(ctx, submit(t, e, parse(t, penguins)), nil); err != nil {
		t.Fatal(err)
	}
	c := parse(t, penguins+"promote: {when: always}\n")
	c.Seed = 5
	run := submit(t, e, c)
	killed := &Engine{Registry: &registry.Registry{Store: noAliases{e.Registry.Store}}, Source: e.Source}
	if _, err := killed.Run(ctx, run, nil); err == nil {
		t.Fatal("was not killed")
	}
	var before Contest
	if err := e.read(ctx, run, "contest.json", &before); err != nil || before.Champion != 1 || !before.Promote || len(before.Comparisons) != 1 {
		t.Fatalf("contest %+v, %v", before, err)
	}
	if _, err := e.Registry.Move(ctx, "penguins", registry.Champion, registry.Alias{Version: 2, Reason: "by hand"}); err != nil {
		t.Fatal(err)
	}
	verdict, err := e.Run(ctx, run, nil)
	if err != nil || fmt.Sprint(*verdict.Contest) != fmt.Sprint(before) || !verdict.Promoted || verdict.Reason != "by hand" {
		t.Errorf("verdict %+v, contest %+v, %v; want contest %+v", verdict, verdict.Contest, err, before)
	}
}

// TestChampionLearnedFromTheRows: where champion's run held out other rows, those that it learned
// from are left out of the comparison, and with too few left there is none.
func TestChampionLearnedFromTheRows(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ring.csv")
	ring(t, file, 0, 1500, 0.1)
	const config = "model: ring\ndata: {source: %s, target: inside%s}\nvalidation: {folds: 3, test: %s}\nconfigurations: [{learner: %s}]\nsearch: {trials: 1}\n"
	for name, c := range map[string]struct {
		first, second [2]string // test, and more of data
		warning       string
		reason        string
		least, most   int // rows compared
	}{
		"the same":      {[2]string{"0.2", ""}, [2]string{"0.2", ""}, "", "proven better", 250, 350},
		"fewer":         {[2]string{"0.3", ""}, [2]string{"0.1", ""}, "", "proven better", 100, 200},
		"more":          {[2]string{"0.1", ""}, [2]string{"0.3", ""}, "held-out rows, since its run held out others; the versions are compared on the rest", "proven better", 100, 200},
		"a column less": {[2]string{"0.2", ", drop: [y]"}, [2]string{"0.2", ""}, "version 1 learned from", "", 30, 120},
		"none before":   {[2]string{"0", ""}, [2]string{"0.2", ""}, "", "not comparable with version 1: version 1 learned from ", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := engine(t)
			var verdict Verdict
			for i, how := range [][2]string{c.first, c.second} {
				var err error
				verdict, err = e.Run(ctx, submit(t, e, parse(t, fmt.Sprintf(config, file, how[1], how[0], []string{"bayes", "logistic"}[i]))), nil)
				if err != nil {
					t.Fatal(err)
				}
			}
			warned := strings.Join(verdict.Contest.Warnings, "; ")
			if !strings.Contains(warned, c.warning) || c.warning == "" && warned != "" || !strings.Contains(strings.Join(verdict.Warnings, "; "), c.warning) {
				t.Errorf("warned of %q, want %q", warned, c.warning)
			}
			if !strings.Contains(verdict.Reason, c.reason) {
				t.Errorf("%q, want %q", verdict.Reason, c.reason)
			}
			rows := 0
			for _, comparison := range verdict.Contest.Comparisons {
				rows += comparison.Rows
			}
			if rows < c.least || rows > c.most {
				t.Errorf("compared on %d rows, want %d to %d", rows, c.least, c.most)
			}
		})
	}
}

// TestPageAndVerdictAgree kills a run when its page is written, and moves champion before the run
// goes on: it was promoted, as the page says, whatever became of that.
func TestPageAndVerdictAgree(t *testing.T) {
	e := engine(t)
	if _, err := e.Run(ctx, submit(t, e, parse(t, penguins)), nil); err != nil {
		t.Fatal(err)
	}
	c := parse(t, penguins+"promote: {when: always}\n")
	c.Seed = 5
	run := submit(t, e, c)
	killed := &Engine{Registry: &registry.Registry{Store: noVerdict{e.Registry.Store}}, Source: e.Source}
	if _, err := killed.Run(ctx, run, nil); err == nil {
		t.Fatal("was not killed")
	}
	if _, err := e.Registry.Move(ctx, "penguins", registry.Champion, registry.Alias{Version: 1, Reason: "by hand"}); err != nil {
		t.Fatal(err)
	}
	verdict, err := e.Run(ctx, run, nil)
	if err != nil || !verdict.Promoted || !strings.Contains(verdict.Reason, "replaces version 1") {
		t.Errorf("verdict %+v, %v", verdict, err)
	}
	if alias, _, err := e.Registry.Alias(ctx, "penguins", registry.Champion); err != nil || alias.Version != 1 {
		t.Errorf("champion %+v, %v", alias, err)
	}
}

// noVerdict is a store under a process that dies when it comes to write a verdict.
type noVerdict struct{ registry.Store }

func (n noVerdict) Put(ctx context.Context, key string, body []byte, c registry.Condition) (registry.Info, error) {
	if strings.HasSuffix(key, "/verdict.json") {
		return registry.Info{}, errKilled
	}
	return n.Store.Put(ctx, key, body, c)
}

func TestPromotionFaults(t *testing.T) {
	for text, want := range map[string]string{
		"{when: beter}":                        `/promote/when: unknown rule "beter"; did you mean "better"?`,
		"{when: better, minimum_gain: -1}":     "/promote/minimum_gain: want 0 or more",
		"{when: not-worse, minimum_gain: 0.1}": "/promote/minimum_gain: belongs to rule better",
		"{confidence: 95}":                     "/promote/confidence: want a share between 0.5 and 1",
		"{when: never, window: fresh.csv}":     "/promote/window: is not looked at by rule never",
	} {
		_, err := ParseConfig([]byte("data: {source: a.csv, target: y}\npromote: " + text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// TestBehindTheBest: the leaderboard tells a trial that is as good as the best from one that
// is not.
func TestBehindTheBest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ring.csv")
	ring(t, file, 0, 600, 0.1)
	e := engine(t)
	run := submit(t, e, parse(t, fmt.Sprintf("data: {source: %s, target: inside}\nsearch: {strategy: grid}\nconfigurations: [{learner: boosting, params: {rounds: [30, 31], leaves: 7}}, {learner: baseline}]\n", file)))
	if _, err := e.Run(ctx, run, nil); err != nil {
		t.Fatal(err)
	}
	board, err := e.Leaderboard(ctx, run)
	if err != nil || len(board.Standings) != 3 {
		t.Fatalf("%+v, %v", board, err)
	}
	best, alike, baseline := board.Standings[0], board.Standings[1], board.Standings[2]
	if best.Behind != nil || alike.Behind == nil || baseline.Behind == nil {
		t.Fatalf("%+v", board.Standings)
	}
	if alike.Behind.Low > 0 || baseline.Behind.Low <= 0.2 || math.Abs(baseline.Behind.Gain-(best.Score-baseline.Score)) > 1e-12 {
		t.Errorf("alike %+v, baseline %+v", alike.Behind, baseline.Behind)
	}
}
