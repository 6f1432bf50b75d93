package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/training"
)

// TestRunsOfAStore lists and shows the runs that lie in a folder.
func TestRunsOfAStore(t *testing.T) {
	store := t.TempDir()
	if out := foretell(t, "runs", "--store", store); !strings.Contains(out, "no runs yet") {
		t.Errorf("%s", out)
	}
	out := foretell(t, "train", "--store", store, smallConfig(t))
	run := regexp.MustCompile(`penguins-[0-9a-f]{12}`).FindString(out)
	if out := foretell(t, "runs", "--store", store); !regexp.MustCompile(run + ` +penguins +succeeded +12/12 +log_loss 0\.\d+ ± 0\.\d+ +\d+ s ago`).MatchString(out) {
		t.Errorf("%s", out)
	}
	var list runList
	if err := json.Unmarshal([]byte(foretell(t, "runs", "--store", store, "--model", "penguins", "--json")), &list); err != nil || len(list.Runs) != 1 || list.Runs[0].Version != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	for _, args := range [][]string{nil, {"--watch"}} { // to watch one that has ended is to see it
		shown := foretell(t, append([]string{"runs", "show", run, "--store", store}, args...)...)
		for _, want := range []string{"of model penguins: succeeded", "trials ██████████████████████████████ 12 of 12", "quoted at $0.0", "★     1 ", "and 2 more", "model penguins version 1", "would have cost"} {
			if !strings.Contains(shown, want) {
				t.Errorf("%v: %q is not in\n%s", args, want, shown)
			}
		}
		if digest(t, shown) != digest(t, out) {
			t.Errorf("the digest of\n%s\nis not that of\n%s", shown, out)
		}
	}
	var view runView
	if err := json.Unmarshal([]byte(foretell(t, "runs", "--store", store, "--json", "show", run)), &view); err != nil ||
		view.Verdict == nil || len(view.Leaderboard.Standings) != 12 || len(view.Quote.Trials) != 12 {
		t.Errorf("%+v, %v", view, err)
	}
	for _, args := range [][]string{{"show"}, {"list", run}, {"--watch"}, {"--limit", "0"}, {"show", run, "--model", "x"}, {"show", "penguins-000000000000"}, {"show", "../x"}} {
		if _, _, code := fails(t, append([]string{"runs", "--store", store}, args...)...); code != 1 {
			t.Errorf("%v: exit code %d", args, code)
		}
	}
}

// TestWatchThroughTheAPI follows a run of the local cloud from its start to its end, and one that
// fails.
func TestWatchThroughTheAPI(t *testing.T) {
	w := emptyWorld(t, cloudDir(t))
	run := string(w.post(t, `{"model":"penguins","data":{"source":"s3://foretell/data/penguins/","target":"species"},"search":{"trials":12},
		"configurations":[{"learner":"boosting","params":{"rounds":[40,60],"learning_rate":{"log":[0.05,0.3]}}}]}`).Run)
	out := foretell(t, "runs", "show", run, "--watch", "--every", "20ms", "--api", w.api.url+"/")
	states, seen := regexp.MustCompile(`(?m)^`+run+` running(, (\d+) of 12 trials)?`).FindAllStringSubmatch(out, -1), -1
	for _, s := range states {
		if len(s[2]) == 0 {
			continue
		}
		n := len(s[2])*1000 + int(s[2][len(s[2])-1]) // rises with the number
		if n <= seen {
			t.Errorf("a line without a change:\n%s", out)
		}
		seen = n
	}
	if len(states) == 0 || !strings.Contains(out, "succeeded") || !strings.Contains(out, "12 of 12") || digest(t, out) == "" {
		t.Errorf("%s", out)
	}
	lines := strings.Split(strings.TrimSpace(foretell(t, "runs", "show", run, "--watch", "--json", "--api", w.api.url)), "\n")
	var view runView
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &view); err != nil || len(lines) != 1 || view.Verdict == nil || view.Attempt != 1 {
		t.Errorf("%q, %v", lines, err)
	}
	continued := foretell(t, "train", "--continue", run, "--trials", "+2", "--every", "20ms", "--api", w.api.url+"/")
	if !regexp.MustCompile(`^run penguins-[0-9a-f]{12} goes on with `+run).MatchString(continued) || !strings.Contains(continued, "14 of 14") || digest(t, continued) == "" {
		t.Errorf("%s", continued)
	}
	if out := foretell(t, "runs", "--api", w.api.url); !regexp.MustCompile(run + ` +penguins +succeeded +12/12 `).MatchString(out) {
		t.Errorf("%s", out)
	}
	bad := string(w.post(t, `{"data":{"source":"s3://foretell/data/penguins/","target":"species","constraints":{"rows":{"min":1000}}}}`).Run)
	out, _, code := fails(t, "runs", "show", bad, "--watch", "--every", "20ms", "--api", w.api.url)
	if code != 1 || !strings.Contains(out, "failed") || !strings.Contains(out, "blocked by constraints") {
		t.Errorf("%d: %s", code, out)
	}
	if _, err, _ := fails(t, "runs", "show", "penguins-000000000000", "--api", w.api.url); err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("%v", err)
	}
}

// TestScreen redraws in place, cut to the terminal.
func TestScreen(t *testing.T) {
	var b bytes.Buffer
	s := &screen{w: &b, width: 21, height: 4}
	s.draw("one\ntwo\n")
	s.draw("äöüäöüäöüäöüäöüäöüäöüäöü\n2\n3\n4\n")
	s.clear()
	if got, want := b.String(), "\r\x1b[Jone\ntwo\n"+"\x1b[A\x1b[A\r\x1b[Jäöüäöüäöüäöüäöüäöüä…\n2\n3\n"+"\x1b[A\x1b[A\x1b[A\r\x1b[J"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, c := range []struct {
		done, total int
		want        string
	}{{0, 0, "░░░░"}, {1, 3, "█░░░"}, {3, 3, "████"}, {5, 3, "████"}} {
		if got := gauge(c.done, c.total, 4); got != c.want {
			t.Errorf("%d of %d: %s", c.done, c.total, got)
		}
	}
	for d, want := range map[time.Duration]string{-time.Second: "0 s", 119 * time.Second: "119 s", 2 * time.Minute: "2 min", 3 * time.Hour: "3 h", 49 * time.Hour: "2 days"} {
		if got := age(d); got != want {
			t.Errorf("%s: %s", d, got)
		}
	}
	if got := score(training.Standing{Score: 0.5}); got != "0.5" {
		t.Errorf("without an error: %s", got)
	}
}
