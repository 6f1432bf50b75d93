package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/training"
)

// runSource is where runs are looked up.
type runSource interface {
	runs(ctx context.Context, model registry.ModelName, limit int) (runList, error)
	state(ctx context.Context, run training.RunID) (runState, error)
	// leaderboard and quote are nil while there is none.
	leaderboard(ctx context.Context, run training.RunID) (*training.Leaderboard, error)
	quote(ctx context.Context, run training.RunID) (*training.Quote, error)
}

// storeRuns reads a store.
type storeRuns struct{ engine *training.Engine }

func (s storeRuns) runs(ctx context.Context, model registry.ModelName, limit int) (list runList, err error) {
	list.Runs, list.More, err = s.engine.Runs(ctx, model, limit)
	return list, err
}

func (s storeRuns) state(ctx context.Context, run training.RunID) (runState, error) {
	status, err := s.engine.Status(ctx, run)
	state := runState{Status: status}
	if f := status.Failure; f != nil {
		state.Error, state.Cause = f.Error, f.Cause
	}
	return state, err
}

func (s storeRuns) leaderboard(ctx context.Context, run training.RunID) (*training.Leaderboard, error) {
	board, err := s.engine.Leaderboard(ctx, run)
	return unlessMissing(&board, err)
}

func (s storeRuns) quote(ctx context.Context, run training.RunID) (*training.Quote, error) {
	quote, err := s.engine.Quote(ctx, run)
	return unlessMissing(&quote, err)
}

// unlessMissing turns what is not there yet into nil.
func unlessMissing[T any](v *T, err error) (*T, error) {
	var missing *registry.NotFoundError
	if errors.As(err, &missing) && missing.Kind != registry.KindRun {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// apiRuns asks the API of a cloud.
type apiRuns struct{ api client }

func (a apiRuns) runs(ctx context.Context, model registry.ModelName, limit int) (list runList, err error) {
	query := fmt.Sprintf("?limit=%d", limit)
	if model != "" {
		query += "&model=" + url.QueryEscape(string(model))
	}
	return list, a.api.call(ctx, "GET", "/v1/runs"+query, nil, &list)
}

func (a apiRuns) state(ctx context.Context, run training.RunID) (s runState, err error) {
	return s, a.api.call(ctx, "GET", runPath(run), nil, &s)
}

func (a apiRuns) leaderboard(ctx context.Context, run training.RunID) (*training.Leaderboard, error) {
	var board training.Leaderboard
	err := a.api.call(ctx, "GET", runPath(run)+"/leaderboard", nil, &board)
	return unlessProblem(&board, err, gateway.LeaderboardNotFound)
}

func (a apiRuns) quote(ctx context.Context, run training.RunID) (*training.Quote, error) {
	var quote training.Quote
	err := a.api.call(ctx, "GET", runPath(run)+"/quote", nil, &quote)
	return unlessProblem(&quote, err, gateway.QuoteNotFound)
}

// runPath is the path of a run, whatever the user called one.
func runPath(run training.RunID) string { return "/v1/runs/" + url.PathEscape(string(run)) }

// unlessProblem is unlessMissing of the API.
func unlessProblem[T any](v *T, err error, missing gateway.Type) (*T, error) {
	var p gateway.Problem
	if errors.As(err, &p) && p.Type == missing.URI() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}
