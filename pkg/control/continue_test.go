package control

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/training"
)

// TestContinue: a run goes on with more trials, as the run that its config with as many makes;
// asked for twice it is one run and one execution.
func TestContinue(t *testing.T) {
	w := newWorld(t)
	const drawn = `{"model":"penguins","data":{"source":"s3://bucket/data/penguins/","target":"species"},"search":{"trials":%d},"configurations":[{"learner":"bayes","params":{"smoothing":{"log":[0.1,10]}}}]}`
	var first, again, whole runView
	isStatus(t, w.do(t, "POST", "/v1/runs", fmt.Sprintf(drawn, 2), &first), http.StatusAccepted)
	w.train(t, first.Run)
	more := fmt.Sprintf(`{"continue":%q,"trials":3}`, first.Run)
	for _, want := range []int{http.StatusAccepted, http.StatusOK} {
		answer := w.do(t, "POST", "/v1/runs", more, &again)
		isStatus(t, answer, want)
		if again.Run == first.Run || again.State != training.Running || again.Attempt != 1 || w.workflow.count() != 2 || answer.Header().Get("Location") != "/v1/runs/"+string(again.Run) {
			t.Errorf("%+v, %d executions", again, w.workflow.count())
		}
	}
	isStatus(t, w.do(t, "POST", "/v1/runs", fmt.Sprintf(drawn, 5), &whole), http.StatusOK)
	if whole.Run != again.Run {
		t.Errorf("continued it is %s, from the start %s", again.Run, whole.Run)
	}
	w.train(t, again.Run)
	var board training.Leaderboard
	isStatus(t, w.do(t, "GET", "/v1/runs/"+string(again.Run)+"/leaderboard", "", &board), http.StatusOK)
	if len(board.Standings) != 5 {
		t.Errorf("%+v", board)
	}

	before := w.keys(t)
	w.refused(t, gateway.RunNotFound, "", "POST", "/v1/runs", `{"continue":"penguins-000000000000","trials":3}`)
	w.refused(t, gateway.RunNotFound, "", "POST", "/v1/runs", `{"continue":"../models","trials":3}`)
	w.refused(t, gateway.InvalidParameter, "/trials", "POST", "/v1/runs", fmt.Sprintf(`{"continue":%q}`, first.Run))
	w.refused(t, gateway.InvalidParameter, "/trials", "POST", "/v1/runs", fmt.Sprintf(`{"continue":%q,"trials":20000}`, first.Run))
	w.refused(t, gateway.InvalidJSON, "", "POST", "/v1/runs", fmt.Sprintf(`{"continue":%q,"trials":3,"seed":4}`, first.Run))
	w.refused(t, gateway.InvalidJSON, "", "POST", "/v1/runs", `{"continue":7,"trials":3}`)
	w.refused(t, gateway.InvalidConfig, "/search/trials", "POST", "/v1/runs", fmt.Sprintf(`{"continue":%q,"trials":10000}`, first.Run))
	if after := w.keys(t); after != before {
		t.Errorf("%s, was %s", after, before)
	}
	var grid runView
	isStatus(t, w.do(t, "POST", "/v1/runs", `{"model":"grid","data":{"source":"s3://bucket/data/penguins/","target":"species"},"search":{"strategy":"grid"},"configurations":[{"learner":"baseline"}]}`, &grid), http.StatusAccepted)
	w.refused(t, gateway.NotContinuable, "", "POST", "/v1/runs", fmt.Sprintf(`{"continue":%q,"trials":3}`, grid.Run))
}
