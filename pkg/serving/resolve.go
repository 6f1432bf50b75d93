package serving

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/foretell-ml/foretell/pkg/calibration"
	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// How long an alias is believed, if the server has a clock, and how long the store may take to
// answer about one that could be believed a little longer.
const (
	defaultFresh = 5 * time.Second
	defaultStale = 5 * time.Minute
	revalidation = 2 * time.Second
)

// keepNames is how many aliases and pinned versions are remembered: some hundred bytes each.
const keepNames = 1024

// found is the version that answers a request, and what its alias says besides.
type found struct {
	model    registry.ModelName
	version  int
	digest   string
	alias    registry.AliasName // "" if the version was named
	role     capture.Role
	canaried bool // the alias has a canary
	shadow   *registry.Shadow
	decision *registry.Decision
	who      asker
}

// find resolves which version is asked for.
func (s *Server) find(ctx context.Context, model registry.ModelName, which selection) (found, error) {
	f := found{model: model, role: capture.Main, who: which.who}
	if which.alias == "" {
		named, err := s.pinned(ctx, model, which)
		f.version, f.digest = named.version, named.digest
		return f, err
	}
	a, err := s.alias(ctx, model, which.alias)
	if err != nil {
		return f, err
	}
	f.version, f.digest, f.alias, f.shadow, f.decision = a.Version, a.Digest, which.alias, a.Shadow, a.Decision
	if a.Canary != nil {
		f.canaried = true
		if f.who.inCanary(model, a.Canary) {
			f.version, f.digest, f.role = a.Canary.Version, a.Canary.Digest, capture.Canary
		}
	}
	return f, nil
}

// pin is a version with its digest: neither ever changes.
type pin struct {
	version int
	digest  string
}

// pinned is the version that a request names by its number or digest. It is looked up once. That the
// start of a digest has become that of two is noticed by instances that have not seen it.
func (s *Server) pinned(ctx context.Context, model registry.ModelName, which selection) (pin, error) {
	key := fmt.Sprintf("%s/%s/%d", model, which.digest, which.version) // a digest may have no letters
	return s.pins.get(ctx, key, keepNames, func(ctx context.Context) (pin, error) {
		var m registry.Manifest
		var err error
		if which.digest != "" {
			m, err = s.Registry.VersionOf(ctx, model, which.digest)
		} else {
			m, err = s.Registry.Version(ctx, model, which.version)
		}
		var several *registry.AmbiguousError
		if errors.As(err, &several) {
			err = gateway.InvalidParameter.New(several.Error() + "; send all 64 digits")
		}
		return pin{m.Version, m.Digest}, err
	})
}

// believed is an alias as the store last told it.
type believed struct {
	turn chan struct{} // of the one that asks the store

	mu    sync.Mutex
	alias registry.Alias
	etag  string
	asked time.Time // when the store was asked last, whatever it answered
	heard time.Time // when it was asked what it answered
}

// alias is where an alias points. With a clock it is what the store said at most Fresh ago: who
// moves an alias knows that from then on every instance follows. What it is compared with is the
// time before the store was asked, so that the answer is no older. If the store fails, the last
// answer is believed for Stale: whoever could not read the alias could not move it either.
func (s *Server) alias(ctx context.Context, model registry.ModelName, name registry.AliasName) (registry.Alias, error) {
	came := s.now()
	key := string(model) + "/" + string(name)
	b, err := s.aliases.get(ctx, key, keepNames, func(ctx context.Context) (*believed, error) {
		a, info, err := s.Registry.Alias(ctx, model, name)
		return &believed{turn: make(chan struct{}, 1), alias: a, etag: info.ETag, asked: came, heard: came}, err
	})
	if err != nil {
		return registry.Alias{}, err
	}
	if a, ok := b.get(came, s.fresh()); ok {
		return a, nil
	}
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return registry.Alias{}, ctx.Err()
	}
	defer func() { <-b.turn }()
	if a, ok := b.get(came, s.fresh()); ok { // another has asked meanwhile
		return a, nil
	}
	a, err := s.revalidate(ctx, b, model, name)
	if errors.Is(err, registry.ErrNotFound) {
		s.aliases.drop(key)
	}
	return a, err
}

// get is the alias if it was asked for recently enough for a request that came then.
func (b *believed) get(came time.Time, fresh time.Duration) (registry.Alias, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.alias, came.Sub(b.asked) < fresh
}

// revalidate asks the store whether the alias is still the same.
func (s *Server) revalidate(ctx context.Context, b *believed, model registry.ModelName, name registry.AliasName) (registry.Alias, error) {
	asked := s.now()
	patient := s.Now == nil || asked.Sub(b.heard) > cmp.Or(s.Stale, defaultStale)
	limited := ctx
	if !patient {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, revalidation)
		defer cancel()
	}
	a, info, err := s.Registry.AliasChanged(limited, model, name, b.etag)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err == nil:
		b.alias, b.etag, b.asked, b.heard = a, info.ETag, asked, asked
	case errors.Is(err, registry.ErrNotModified):
		b.asked, b.heard = asked, asked
	case errors.Is(err, registry.ErrNotFound), ctx.Err() != nil, patient:
		return registry.Alias{}, err
	default:
		b.asked = asked // the store is asked again after Fresh, not by every request
		slog.WarnContext(ctx, "alias could not be read; what it was is believed", "model", model, "alias", name, "age", asked.Sub(b.heard), "error", err)
	}
	return b.alias, nil
}

func (s *Server) now() time.Time {
	if s.Now == nil {
		return time.Time{}
	}
	return s.Now()
}

// fresh is 0 without a clock: the store is asked at each request.
func (s *Server) fresh() time.Duration {
	if s.Now == nil {
		return 0
	}
	return cmp.Or(s.Fresh, defaultFresh)
}

// pipeline is the pipeline of what was found, with the decision of its alias.
func (s *Server) pipeline(ctx context.Context, f found) (*prepared, error) {
	p, err := s.pipelines.get(ctx, f.digest, cmp.Or(s.Room, defaultRoom), func(ctx context.Context) (*prepared, error) {
		return s.load(ctx, f.model, f.digest)
	})
	if err != nil || f.decision == nil {
		return p, err
	}
	decided, err := p.Deciding(&pipeline.Decision{Threshold: f.decision.Threshold, Costs: calibration.Costs(f.decision.Costs)})
	if err != nil {
		return nil, fmt.Errorf("decision of alias %s of model %s: %w", f.alias, f.model, err)
	}
	return p.with(decided), nil
}
