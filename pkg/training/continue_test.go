package training

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// TestContinuedIsAsFromTheStart: a run with trials added is the run of as many from the start, in
// name, trials and model, and does no finished trial again.
func TestContinuedIsAsFromTheStart(t *testing.T) {
	for name, hows := range map[string][2]string{
		"random":    {"{strategy: random, trials: 3}", "{strategy: random, trials: 7}"},
		"portfolio": {"{strategy: portfolio, trials: 2}", "{strategy: portfolio, trials: 6}"},
		"tpe":       {"{strategy: tpe, trials: 12, batch: 3}", "{strategy: tpe, trials: 16, batch: 3}"},
		"halving":   {"{strategy: halving, trials: 3, eta: 2, rungs: 2}", "{strategy: halving, trials: 7, eta: 2, rungs: 2}"},
	} {
		t.Run(name, func(t *testing.T) {
			start := engine(t)
			run := submit(t, start, parse(t, penguinsQuick+hows[1]))
			want, err := start.Run(ctx, run, nil)
			if err != nil {
				t.Fatal(err)
			}
			e := engine(t)
			first := submit(t, e, parse(t, penguinsQuick+hows[0]))
			if _, err := e.Run(ctx, first, nil); err != nil {
				t.Fatal(err)
			}
			planted, err := e.listed(ctx, first, 1)
			if err != nil {
				t.Fatal(err)
			}
			trials := parse(t, penguinsQuick+hows[1]).Search.Trials - parse(t, penguinsQuick+hows[0]).Search.Trials
			again, _, err := e.Continue(ctx, first, trials)
			if err != nil || again != run {
				t.Fatalf("continued is %s, want %s, %v", again, run, err)
			}
			got, err := e.Run(ctx, again, nil)
			if err != nil || got.Digest != want.Digest || got.Trial != want.Trial {
				t.Errorf("%+v, want %+v, %v", got, want, err)
			}
			a, errA := start.listed(ctx, run, 0)
			b, errB := e.listed(ctx, run, 0)
			if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
				t.Errorf("trials %+v, want %+v, %v, %v", b, a, errB, errA)
			}
			for _, trial := range planted { // the very bytes: nothing was computed
				old, _, errA := registry.Read(ctx, e.Registry.Store, first.trialKey(trial.ID))
				new, _, errB := registry.Read(ctx, e.Registry.Store, again.trialKey(trial.ID))
				if errA != nil || errB != nil || string(old) != string(new) {
					t.Errorf("%s: %s, want %s, %v, %v", trial.ID, new, old, errA, errB)
				}
			}
		})
	}
}

// TestContinueTakesResultsOver plants a result in the earlier run, which the later one must have.
func TestContinueTakesResultsOver(t *testing.T) {
	e := engine(t)
	first := submit(t, e, parse(t, penguinsQuick+"{trials: 2}"))
	progress, err := e.Plan(ctx, first)
	if err != nil {
		t.Fatal(err)
	}
	trials, err := e.listed(ctx, first, progress.Round)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.write(ctx, first.trialKey(trials[0].ID), Result{Trial: trials[0].ID, Learner: "bayes", Params: trials[0].Params, Error: "planted"}); err != nil {
		t.Fatal(err)
	}
	if err := e.write(ctx, first.trialKey(trials[1].ID), Result{Trial: trials[1].ID, Learner: "bayes", Params: map[string]any{"smoothing": 7.0}, Error: "of another point"}); err != nil {
		t.Fatal(err)
	}
	again, _, err := e.Continue(ctx, first, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Run(ctx, again, nil); err != nil {
		t.Fatal(err)
	}
	board, err := e.Leaderboard(ctx, again)
	if err != nil || len(board.Standings) != 3 || board.Standings[2].Error != "planted" {
		t.Errorf("%+v, %v", board.Standings, err)
	}
}

func TestContinueRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data.csv")
	text, err := os.ReadFile("../../testdata/penguins.csv")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	e := engine(t)
	data := "data: {source: " + file + ", target: species}\nconfigurations: [{learner: bayes, params: {smoothing: [1, 2]}}]\n"
	random, grid := submit(t, e, parse(t, data)), submit(t, e, parse(t, data+"search: {strategy: grid}"))
	refused := func(run RunID, more int, reason string) {
		t.Helper()
		var refused *ContinueError
		if _, _, err := e.Continue(ctx, run, more); !errors.As(err, &refused) || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s +%d: got %v", run, more, err)
		}
	}
	refused(random, 0, "one more trial at least")
	refused(grid, 5, "tried in full")
	var faulty *ConfigError
	if _, _, err := e.Continue(ctx, random, 10_000); !errors.As(err, &faulty) || faulty.Faults[0].Pointer != "/search/trials" {
		t.Errorf("more trials than there may be: %v", err)
	}
	var missing *registry.NotFoundError
	if _, _, err := e.Continue(ctx, "penguins-000000000000", 1); !errors.As(err, &missing) {
		t.Errorf("no such run: %v", err)
	}
	if err := os.WriteFile(file, append(text, text[len(text)-60:]...), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(random, 1, "has changed since")
}
