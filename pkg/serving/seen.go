package serving

import (
	"context"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/dataset"
)

// response is what an answer says of the version that was found.
func (f found) response() *Response {
	r := &Response{Model: f.model, Version: f.version, Digest: f.digest, Alias: f.alias, ID: f.who.id}
	if f.canaried {
		r.Arm = f.role
	}
	return r
}

// seen captures what was answered, and has the alias's shadow asked the same, unless the request says
// that it is no traffic.
func (s *Server) seen(ctx context.Context, f found, p *prepared, table *dataset.Table, output []float64, q request) {
	if q.options.noCapture {
		return
	}
	o := capture.Observation{Model: f.model, Version: f.version, Digest: f.digest, Alias: f.alias, Role: f.role, ID: f.who.id, Pipeline: p.Pipeline, Table: table, Output: output}
	s.Capture.Observe(o)
	if f.shadow == nil {
		return
	}
	s.shadowed(ctx, f, o, func(other *prepared) (*dataset.Table, error) {
		table, _, err := q.rows(other) // which may have other columns
		return table, err
	})
}
