package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// The audit of an alias is the sequence of its states. The alias itself says who set it so, when
// and why; before it is replaced, it is copied to models/<model>/audit/<alias>/<revision>.json,
// which is never changed. So there is nothing to write after the swap that a crash could leave
// out, and whoever loses the swap has recorded only what was so anyway.

// Change is a state of an alias, and what it was a change from.
type Change struct {
	From int `json:"from"` // the version before, 0 if the alias was new
	Alias
}

// MaxHistory is how many changes History returns at most.
const MaxHistory = 1000

// History returns the latest changes of an alias, the newest first, at most so many of them. An
// alias that never was is a *NotFoundError, of the model if that is missing too.
func (r *Registry) History(ctx context.Context, model ModelName, alias AliasName, most int) ([]Change, error) {
	now, _, err := r.Alias(ctx, model, alias)
	var missing *NotFoundError
	gone := errors.As(err, &missing) && missing.Kind == KindAlias // somebody deleted the object
	if err != nil && !gone {
		return nil, err
	}
	numbers, nerr := r.records(ctx, model, alias)
	if nerr != nil {
		return nil, nerr
	}
	if gone && len(numbers) == 0 {
		return nil, err
	}
	most = min(most, MaxHistory)
	// One more than is asked for says what the oldest was a change from.
	numbers = numbers[max(0, len(numbers)-most-1):]
	states := make([]Alias, len(numbers))
	const readers = 16 // they wait for the store, not for a core
	err = par.For(ctx, len(numbers), readers, func(i int) error {
		_, err := ReadJSON(ctx, r.Store, auditKey(model, alias, numbers[i]), &states[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	// A crash, or losing the swap, leaves the copy of a state that still is.
	if !gone && (len(states) == 0 || !reflect.DeepEqual(states[len(states)-1], now)) {
		states = append(states, now)
	}
	changes := make([]Change, len(states))
	for i, s := range states {
		changes[len(states)-1-i] = Change{From: s.Previous, Alias: s}
		if i > 0 {
			changes[len(states)-1-i].From = states[i-1].Version
		}
	}
	return changes[:min(most, len(changes))], nil
}

// succeed makes an alias ready to be replaced: what it is now is recorded. It returns where a
// rollback from the version goes, and the number of the state to come.
func (r *Registry) succeed(ctx context.Context, model ModelName, alias AliasName, version int, c Condition) (previous, revision int, err error) {
	if c.Absent {
		numbers, err := r.records(ctx, model, alias)
		if err != nil || len(numbers) == 0 {
			return 0, 1, err
		}
		return 0, numbers[len(numbers)-1] + 1, nil // of an alias that somebody deleted
	}
	state, info, err := Read(ctx, r.Store, aliasKey(model, alias))
	switch {
	case errors.Is(err, ErrNotFound), err == nil && info.ETag != c.IfMatch:
		return 0, 0, ErrConflict
	case err != nil:
		return 0, 0, err
	}
	var now Alias
	if err := json.Unmarshal(state, &now); err != nil {
		return 0, 0, fmt.Errorf("read %s: %w", info.Key, err)
	}
	if revision, err = r.record(ctx, model, alias, now.Revision, state); err != nil {
		return 0, 0, err
	}
	if now.Version == version { // only the rest changes
		return now.Previous, revision + 1, nil
	}
	return now.Version, revision + 1, nil
}

// record keeps a state under its revision, and returns that. One that is there already is from
// another who was to replace the same state. Another state there is from an object that was put
// back by hand: then the first free number is taken.
func (r *Registry) record(ctx context.Context, model ModelName, alias AliasName, revision int, state []byte) (int, error) {
	for ; ; revision++ {
		_, err := r.Store.Put(ctx, auditKey(model, alias, revision), state, Condition{Absent: true})
		if err == nil {
			return revision, nil
		}
		if !errors.Is(err, ErrConflict) {
			return 0, fmt.Errorf("record alias %s of %s: %w", alias, model, err)
		}
		kept, _, err := Read(ctx, r.Store, auditKey(model, alias, revision))
		if err != nil {
			return 0, fmt.Errorf("record alias %s of %s: %w", alias, model, err)
		}
		if bytes.Equal(kept, state) {
			return revision, nil
		}
	}
}

// records are the numbers of the states that are kept of an alias, in ascending order.
func (r *Registry) records(ctx context.Context, model ModelName, alias AliasName) ([]int, error) {
	prefix := auditPrefix(model, alias)
	var numbers []int
	for info, err := range r.Store.List(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		file := strings.TrimPrefix(info.Key, prefix)
		if n := versionNumber(file); n > 0 || file == "0.json" {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}
