package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/report"
	"github.com/foretell-ml/foretell/pkg/training"
)

// TestRunStates follows a run: new, running, failed, started again, succeeded.
func TestRunStates(t *testing.T) {
	w := newWorld(t)
	post := func(status int, state string, attempt int) runView {
		t.Helper()
		var v runView
		answer := w.do(t, "POST", "/v1/runs", plainConfig(), &v)
		isStatus(t, answer, status)
		if v.State != state || v.Attempt != attempt || answer.Header().Get("Location") != "/v1/runs/"+string(v.Run) {
			t.Errorf("%+v at %q, want %s, attempt %d", v, answer.Header().Get("Location"), state, attempt)
		}
		return v
	}
	get := func() (v runView) {
		t.Helper()
		isStatus(t, w.do(t, "GET", "/v1/runs/"+string(post(http.StatusOK, "running", 1).Run), "", &v), http.StatusOK)
		return v
	}

	run := post(http.StatusAccepted, "running", 1).Run
	if v := get(); v.State != "running" || v.Run != run || w.workflow.count() != 1 {
		t.Errorf("%+v, %d executions", v, w.workflow.count())
	}
	first, second := string(run)+"-1", string(run)+"-2"

	// A function's error is its message, without the stack.
	w.workflow.set(first, Execution{"FAILED", "ParseError", `{"errorMessage":"row 3","errorType":"ParseError","stackTrace":[{"path":"/secret"}]}`})
	var v runView
	isStatus(t, w.do(t, "GET", "/v1/runs/"+string(run), "", &v), http.StatusOK)
	if v.State != "failed" || v.Error != "ParseError" || v.Cause != "row 3" {
		t.Errorf("failed: %+v", v)
	}
	// Ended without a verdict is no success.
	w.workflow.set(first, Execution{Status: "SUCCEEDED"})
	isStatus(t, w.do(t, "GET", "/v1/runs/"+string(run), "", &v), http.StatusOK)
	if v.State != "failed" || !strings.Contains(v.Cause, "no verdict") {
		t.Errorf("ended without verdict: %+v", v)
	}

	w.workflow.set(first, Execution{Status: "TIMED_OUT"})
	if v := post(http.StatusAccepted, "running", 2); v.Run != run || w.workflow.count() != 2 {
		t.Errorf("%+v, %d executions", v, w.workflow.count())
	}

	w.refused(t, gateway.QuoteNotFound, "", "GET", "/v1/runs/"+string(run)+"/quote", "")
	w.refused(t, gateway.LeaderboardNotFound, "", "GET", "/v1/runs/"+string(run)+"/leaderboard", "")
	w.refused(t, gateway.ReportNotFound, "", "GET", "/v1/runs/"+string(run)+"/report", "")
	w.train(t, run)
	w.workflow.set(second, Execution{Status: "SUCCEEDED"})
	if v := post(http.StatusOK, "succeeded", 2); v.Verdict == nil || v.Verdict.Version != 1 || w.workflow.count() != 2 {
		t.Errorf("%+v, %d executions", v, w.workflow.count())
	}
	var board training.Leaderboard
	isStatus(t, w.do(t, "GET", "/v1/runs/"+string(run)+"/leaderboard", "", &board), http.StatusOK)
	if len(board.Standings) != 1 {
		t.Errorf("leaderboard %+v", board)
	}
	var card report.Card
	isStatus(t, w.do(t, "GET", "/v1/models/"+string(v.Model)+"/versions/1/card", "", &card), http.StatusOK)
	if card.Run != string(run) || card.Version != 1 || len(card.Inputs) == 0 {
		t.Errorf("card %+v", card)
	}
	w.refused(t, gateway.VersionNotFound, "", "GET", "/v1/models/"+string(v.Model)+"/versions/2/card", "")
	w.refused(t, gateway.RunNotFound, "", "GET", "/v1/runs/none-0123456789ab/report", "")
	page := w.do(t, "GET", "/v1/runs/"+string(run)+"/report", "", nil)
	if policy := page.Header().Get("Content-Security-Policy"); page.Code != http.StatusOK || !strings.Contains(policy, "default-src 'none'") || !strings.HasPrefix(page.Header().Get("Content-Type"), "text/html") {
		t.Errorf("the page comes with %v", page.Header())
	}
	var quote training.Quote
	isStatus(t, w.do(t, "GET", "/v1/runs/"+string(run)+"/quote", "", &quote), http.StatusOK)
	if quote.Run != run || !(quote.Dollars > 0) || len(quote.Trials) != 1 {
		t.Errorf("quote %+v", quote)
	}
}

// TestRunOfTheCommandLine: a run that is trained on the bucket without a workflow has no
// attempts. It is submitted until there is a verdict, and then needs no start.
func TestRunOfTheCommandLine(t *testing.T) {
	w := newWorld(t)
	c, err := training.ParseConfig([]byte(plainConfig()))
	if err != nil {
		t.Fatal(err)
	}
	run, _, err := w.Engine.Submit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	var v runView
	isStatus(t, w.do(t, "GET", "/v1/runs/"+string(run), "", &v), http.StatusOK)
	if v.State != "submitted" || v.Attempt != 0 {
		t.Errorf("%+v", v)
	}
	w.train(t, run)
	isStatus(t, w.do(t, "POST", "/v1/runs", plainConfig(), &v), http.StatusOK)
	if v.State != "succeeded" || v.Verdict == nil || w.workflow.count() != 0 {
		t.Errorf("%+v, %d executions", v, w.workflow.count())
	}
}

// TestRacingCallers: of callers at one moment each is answered with the same run, and one
// execution is started, the first time and after a failure.
func TestRacingCallers(t *testing.T) {
	w := newWorld(t)
	race := func(attempt int) training.RunID {
		t.Helper()
		views := make([]runView, 8)
		var group sync.WaitGroup
		for i := range views {
			group.Go(func() {
				answer := w.do(t, "POST", "/v1/runs", plainConfig(), &views[i])
				if answer.Code != http.StatusOK && answer.Code != http.StatusAccepted {
					t.Errorf("caller %d: %d %s", i, answer.Code, answer.Body)
				}
			})
		}
		group.Wait()
		for i, v := range views {
			if v.Run != views[0].Run || v.State != "running" || v.Attempt != attempt {
				t.Errorf("caller %d: %+v", i, v)
			}
		}
		if n := w.workflow.count(); n != attempt {
			t.Errorf("%d executions, want %d", n, attempt)
		}
		return views[0].Run
	}
	run := race(1)
	w.workflow.set(string(run)+"-1", Execution{Status: "FAILED"})
	race(2)
}

// TestDiedBeforeTheRecord: an execution was started and not recorded. It is found by its
// name, running or ended.
func TestDiedBeforeTheRecord(t *testing.T) {
	for _, c := range []struct {
		status            string
		attempt, attempts int
	}{{"RUNNING", 1, 1}, {"FAILED", 2, 2}} {
		w := newWorld(t)
		parsed, err := training.ParseConfig([]byte(plainConfig()))
		if err != nil {
			t.Fatal(err)
		}
		run, err := w.Engine.Check(t.Context(), parsed)
		if err != nil {
			t.Fatal(err)
		}
		w.workflow.set(string(run)+"-1", Execution{Status: c.status})
		var v runView
		isStatus(t, w.do(t, "POST", "/v1/runs", plainConfig(), &v), http.StatusAccepted)
		if v.State != "running" || v.Attempt != c.attempt || w.workflow.count() != c.attempts {
			t.Errorf("%s: %+v, %d executions", c.status, v, w.workflow.count())
		}
		for n := 1; n <= c.attempts; n++ {
			var a training.Attempt
			_, err := registry.ReadJSON(t.Context(), w.Registry.Store, fmt.Sprintf("runs/%s/attempts/%d.json", run, n), &a)
			if err != nil || !strings.HasPrefix(a.Execution, arn(string(run))) {
				t.Errorf("%s: attempt %d is %+v, %v", c.status, n, a, err)
			}
		}
	}
}

// TestStartFails leaves a run that was submitted; the next call starts it.
func TestStartFails(t *testing.T) {
	w := newWorld(t)
	w.workflow.fault = errors.New("no answer from arn:aws:states:secret")
	w.refused(t, gateway.InternalError, "", "POST", "/v1/runs", plainConfig())
	if keys := w.keys(t); strings.Contains(keys, "attempts") {
		t.Errorf("keys %s", keys)
	}
	w.workflow.fault = nil
	var v runView
	isStatus(t, w.do(t, "POST", "/v1/runs", plainConfig(), &v), http.StatusAccepted)
	if v.State != "running" || v.Attempt != 1 {
		t.Errorf("%+v", v)
	}
}

// TestRefusedRuns leave nothing behind: no object, no execution, no schedule.
func TestRefusedRuns(t *testing.T) {
	w := newWorld(t)
	const runs = "/v1/runs"
	w.refused(t, gateway.EmptyBody, "", "POST", runs, " ")
	w.refused(t, gateway.InvalidJSON, "", "POST", runs, `{"data":`, "Content-Type", "application/json")
	w.refused(t, gateway.UnsupportedMediaType, "", "POST", runs, "x", "Content-Type", "text/csv")
	w.refused(t, gateway.BodyTooLarge, "", "POST", runs, strings.Repeat(" ", maxBody)+"x")
	w.refused(t, gateway.InvalidConfig, "/data/source", "POST", runs, "data: {source: s3://other/data/penguins/, target: species}")
	w.refused(t, gateway.InvalidConfig, "/data/source", "POST", runs, "model: m\ndata: {source: s3://bucket/data/../runs/, target: species}")
	w.refused(t, gateway.DatasetNotFound, "", "POST", runs, "data: {source: s3://bucket/data/walrus/, target: species}")
	w.refused(t, gateway.MissingTarget, "/data/target", "POST", runs, "data: {source: s3://bucket/data/penguins/, target: specie}\nschedule: rate(1 day)")
	w.refused(t, gateway.InvalidConfig, "/schedule", "POST", runs, scheduledConfig("daily"))
	w.refused(t, gateway.InvalidConfig, "/schedule", "POST", runs, scheduledConfig("rate(99 days)"))
	w.refused(t, gateway.RunNotFound, "", "GET", runs+"/penguins-000000000000", "")
	w.refused(t, gateway.RunNotFound, "", "GET", runs+"/penguins-000000000000/leaderboard", "")
	w.refused(t, gateway.RunNotFound, "", "GET", runs+"/..%2Fmodels/leaderboard", "")
	if keys := w.keys(t); keys != "" || w.workflow.count() != 0 || len(w.schedule.expressions) != 0 {
		t.Errorf("left behind: %s, %d executions, schedules %v", keys, w.workflow.count(), w.schedule.expressions)
	}
}

// TestSchedule stores the schedule with the config that its retrains use, and deletes both.
func TestSchedule(t *testing.T) {
	w := newWorld(t)
	isStatus(t, w.do(t, "POST", "/v1/runs", scheduledConfig("rate(7 days)"), nil), http.StatusAccepted)
	var c training.Config
	if _, err := registry.ReadJSON(t.Context(), w.Registry.Store, training.ScheduleKey("penguins"), &c); err != nil {
		t.Fatal(err)
	}
	if w.schedule.expressions["penguins"] != "rate(7 days)" || c.Schedule.At != "rate(7 days)" || c.Data.Target != "species" {
		t.Errorf("schedules %v, config %+v", w.schedule.expressions, c)
	}
	// Refused, the one that is there stays.
	w.refused(t, gateway.InvalidConfig, "/schedule", "POST", "/v1/runs", scheduledConfig("rate(99 days)"))
	isStatus(t, w.do(t, "POST", "/v1/runs", scheduledConfig("rate(1 day)"), nil), http.StatusOK) // nothing is trained anew
	if _, err := registry.ReadJSON(t.Context(), w.Registry.Store, training.ScheduleKey("penguins"), &c); err != nil {
		t.Fatal(err)
	}
	if w.schedule.expressions["penguins"] != "rate(1 day)" || c.Schedule.At != "rate(1 day)" || w.workflow.count() != 1 {
		t.Errorf("schedules %v, config %+v, %d executions", w.schedule.expressions, c, w.workflow.count())
	}
	for range 2 { // the second finds nothing, which is what was asked for
		isStatus(t, w.do(t, "DELETE", "/v1/models/penguins/schedule", "", nil), http.StatusOK)
		if keys := w.keys(t); strings.Contains(keys, "schedules/") || len(w.schedule.expressions) != 0 {
			t.Errorf("schedules %v, keys %s", w.schedule.expressions, keys)
		}
	}
	w.refused(t, gateway.InvalidName, "", "DELETE", "/v1/models/..%2Fx/schedule", "")
}

// TestRunThatEndsBetweenTwoLooks: the store has no verdict yet, and when the workflow is
// asked it has succeeded. The answer has the verdict all the same.
func TestRunThatEndsBetweenTwoLooks(t *testing.T) {
	w := newWorld(t)
	var v runView
	isStatus(t, w.do(t, "POST", "/v1/runs", plainConfig(), &v), http.StatusAccepted)
	w.Workflow = ending{w.workflow, func() { w.train(t, v.Run) }}
	isStatus(t, w.do(t, "GET", "/v1/runs/"+string(v.Run), "", &v), http.StatusOK)
	if v.State != "succeeded" || v.Verdict == nil || v.Verdict.Version != 1 {
		t.Errorf("%+v", v)
	}
}

// ending is a workflow that ends just as it is asked how it stands.
type ending struct {
	Workflow
	end func()
}

func (e ending) Execution(context.Context, string) (Execution, error) {
	e.end()
	return Execution{Status: "SUCCEEDED"}, nil
}

// TestBlockedRun: a run that finds a reason not to train says which, and by which name it is
// accepted; accepted it is another run.
func TestBlockedRun(t *testing.T) {
	w := newWorld(t)
	config := `{"data":{"source":"s3://bucket/data/penguins/","target":"species","sample":0.05},"seed":1}`
	var v, accepted runView
	isStatus(t, w.do(t, "POST", "/v1/runs", config, &v), http.StatusAccepted)
	if _, err := w.Engine.Plan(t.Context(), v.Run); err == nil {
		t.Fatal("the run was planned")
	}
	w.workflow.set(string(v.Run)+"-1", Execution{"FAILED", "BlockedError", `{"errorMessage":"blocked"}`})
	isStatus(t, w.do(t, "GET", "/v1/runs/"+string(v.Run), "", &v), http.StatusOK)
	p := v.Problem
	if v.State != "failed" || p == nil || p.Type != gateway.RunBlocked.URI() || v.Gates == nil || len(p.Errors) != len(v.Gates.Blocking) || !strings.Contains(p.Errors[0].Detail, `add "`+v.Gates.Blocking[0].Name+`" to accept`) {
		t.Errorf("%+v, problem %+v", v, p)
	}
	isStatus(t, w.do(t, "POST", "/v1/runs", strings.Replace(config, `"seed"`, `"accept":["rows","classes"],"seed"`, 1), &accepted), http.StatusAccepted)
	if accepted.Run == v.Run {
		t.Error("accepted it is the same run")
	}
	isStatus(t, w.do(t, "POST", "/v1/runs", strings.Replace(config, `"seed"`, `"accept":["everything"],"seed"`, 1), nil), http.StatusUnprocessableEntity)
}

// TestViolatedRun: a run whose data is not as its config expects says what is wrong with it.
func TestViolatedRun(t *testing.T) {
	w := newWorld(t)
	config := `{"data":{"source":"s3://bucket/data/penguins/","target":"species","constraints":{"rows":{"max":10},"columns":[{"name":"species","values":["Adelie"]}]}}}`
	var v runView
	isStatus(t, w.do(t, "POST", "/v1/runs", config, &v), http.StatusAccepted)
	_, err := w.Engine.Plan(t.Context(), v.Run)
	if err == nil {
		t.Fatal("the run was planned")
	}
	w.workflow.set(string(v.Run)+"-1", Execution{"FAILED", "BlockedError", `{"errorMessage":"not as expected"}`})
	isStatus(t, w.do(t, "GET", "/v1/runs/"+string(v.Run), "", &v), http.StatusOK)
	p := v.Problem
	if v.State != "failed" || p == nil || p.Type != gateway.ConstraintsViolated.URI() || len(p.Errors) != 2 || p.Errors[1].Column != "species" || !strings.Contains(p.Errors[1].Detail, `"Gentoo"`) {
		t.Errorf("%+v, problem %+v", v, p)
	}
	isStatus(t, w.do(t, "POST", "/v1/runs", strings.Replace(config, `{"rows"`, `{"row"`, 1), nil), http.StatusUnprocessableEntity)
	isStatus(t, w.do(t, "POST", "/v1/runs", strings.Replace(config, `{"rows":{"max":10},"columns":[{"name":"species","values":["Adelie"]}]}`, `"file.yaml"`, 1), nil), http.StatusUnprocessableEntity)
}

// TestListedRuns: the list has every run with the state that its workflow has, and is bounded.
func TestListedRuns(t *testing.T) {
	w := newWorld(t)
	list := func(query string) (runs []training.Summary, more int) {
		t.Helper()
		var got struct {
			Runs []training.Summary
			More int
		}
		isStatus(t, w.do(t, "GET", "/v1/runs"+query, "", &got), http.StatusOK)
		if got.Runs == nil {
			t.Errorf("no list: %+v", got)
		}
		return got.Runs, got.More
	}
	if runs, more := list(""); len(runs) != 0 || more != 0 {
		t.Errorf("%+v, %d more", runs, more)
	}
	var first, second runView
	isStatus(t, w.do(t, "POST", "/v1/runs", plainConfig(), &first), http.StatusAccepted)
	isStatus(t, w.do(t, "POST", "/v1/runs", strings.Replace(plainConfig(), `{"model":"penguins"`, `{"model":"other"`, 1), &second), http.StatusAccepted)
	w.workflow.set(string(second.Run)+"-1", Execution{Status: "FAILED"})
	w.train(t, first.Run)
	states := map[training.RunID]string{}
	runs, _ := list("")
	for _, r := range runs {
		states[r.Run] = r.State
	}
	if len(runs) != 2 || states[first.Run] != training.Succeeded || states[second.Run] != training.Failed {
		t.Errorf("%v", states)
	}
	if runs, more := list("?model=other"); len(runs) != 1 || more != 0 || runs[0].Run != second.Run || runs[0].Best != nil {
		t.Errorf("%+v, %d more", runs, more)
	}
	if runs, more := list("?limit=1"); len(runs) != 1 || more != 1 {
		t.Errorf("%+v, %d more", runs, more)
	}
	for _, query := range []string{"?limit=0", "?limit=101", "?limit=x"} {
		w.refused(t, gateway.InvalidParameter, "", "GET", "/v1/runs"+query, "")
	}
	w.refused(t, gateway.InvalidName, "", "GET", "/v1/runs?model=..%2Fx", "")
}
