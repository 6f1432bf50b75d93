package serving

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// Server answers predictions from the models of a registry. Make one and keep it: it holds
// pipelines in memory. It is safe for concurrent use, and its fields are not changed after
// the first request.
type Server struct {
	Registry *registry.Registry
	// Room is for how many bytes of artifacts pipelines stay in memory, those used last and at
	// least one; 0 means 256 MB. See RoomIn.
	Room int64
	// Model is the one that SageMaker's routes are about, which name none; "" if they are not to
	// be served.
	Model registry.ModelName
	// Redact leaves what clients sent out of what is said to be wrong or odd about it: values, and
	// names that the model does not have.
	Redact bool

	// Now is the clock by which aliases are believed for a while; nil: they are read at each request.
	// Fresh is how long, 0 means 5 s, and Stale how long if the store fails, 0 means 5 minutes.
	Now          func() time.Time
	Fresh, Stale time.Duration
	// Capture keeps what is seen; nil: nothing does, and shadows are not asked.
	Capture *capture.Recorder

	pipelines cache[*prepared]
	aliases   cache[*believed]
	pins      cache[pin]
	shadowing oneAtATime
}

const defaultRoom = 256 << 20

// RoomIn is the Room of a process with so many megabytes, as Lambda tells a function: a quarter. In
// memory a pipeline takes once or twice what its artifact does: of trees it is the artifact's bytes themselves
// and a quarter to three quarters of them besides, a little more once they are explained. It is 0, the default, for what is no number.
func RoomIn(megabytes string) int64 {
	n, err := strconv.ParseInt(megabytes, 10, 32)
	if err != nil {
		return 0
	}
	return n << 20 / 4
}

// Routes are the server's routes; it is called once. gateway.Routes answers all others.
func (s *Server) Routes() *http.ServeMux {
	s.pipelines.weigh = func(p *prepared) int64 { return p.Size() }
	mux := http.NewServeMux()
	mux.Handle("POST /v1/models/{model}/predict", gateway.Func(s.predict))
	mux.Handle("POST /v1/models/{model}/validate", gateway.Func(s.validate))
	mux.Handle("GET /v1/models/{model}/schema", gateway.Func(s.schema))
	mux.Handle("GET /v1/models/{model}/openapi.json", gateway.Func(s.openAPI))
	s.openInference(mux)
	s.sageMaker(mux)
	return mux
}

func (s *Server) predict(w http.ResponseWriter, r *http.Request) error {
	return s.serve(w, r, registry.ModelName(r.PathValue("model")), namedCSV)
}

// serve answers a request for predictions of a model.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, model registry.ModelName, form csvForm) error {
	media, err := gateway.Accepted(r, answerTypes...)
	if err != nil {
		return err
	}
	q, err := s.read(r)
	if err != nil {
		return err
	}
	selection, err := selected(q)
	if err != nil {
		return err
	}
	if selection.who, err = askerOf(w, r); err != nil {
		return err
	}
	response, err := s.answer(r.Context(), model, selection, q)
	if err != nil {
		return err
	}
	return response.write(w, media, form)
}

// open is the version that is asked for, and its pipeline.
func (s *Server) open(ctx context.Context, model registry.ModelName, which selection) (found, *prepared, error) {
	f, err := s.find(ctx, model, which)
	if err != nil {
		return f, nil, err
	}
	gateway.ObserveModel(ctx, string(model))
	p, err := s.pipeline(ctx, f)
	return f, p, err
}

// answer predicts the rows of a request.
func (s *Server) answer(ctx context.Context, model registry.ModelName, which selection, q request) (*Response, error) {
	defer s.Capture.Begin(ctx)()
	f, p, err := s.open(ctx, model, which)
	if err != nil {
		return nil, err
	}
	table, warnings, err := q.rows(p)
	if err != nil {
		return nil, err
	}
	gateway.ObserveRows(ctx, table.Rows())
	output, intervals, err := p.PredictIntervals(table)
	if err != nil {
		return nil, fmt.Errorf("predict with %s of model %s: %w", f.digest, model, err)
	}
	response := f.response()
	response.Warnings, response.pipeline = warnings, p.Pipeline
	if q.options.noIntervals {
		intervals = nil
	}
	if intervals != nil {
		response.Coverage = p.Coverage()
	}
	if response.Predictions, err = predictions(p, output, intervals, q.options); err != nil {
		return nil, err
	}
	if q.options.explain {
		if err := response.explain(ctx, p, table, output); err != nil {
			return nil, err
		}
	}
	s.seen(ctx, f, p, table, output, q)
	return response, nil
}

// load reads and checks an artifact. Its faults are ours, not the client's: the version
// says that the artifact is there.
func (s *Server) load(ctx context.Context, model registry.ModelName, digest string) (*prepared, error) {
	if s.Now != nil {
		began := s.Now()
		defer func() { gateway.ObserveLoad(ctx, s.Now().Sub(began)) }()
	}
	artifact, err := s.Registry.Artifact(ctx, model, digest)
	if err != nil {
		return nil, fmt.Errorf("artifact %s of model %s: %w", digest, model, err)
	}
	p, err := pipeline.Decode(artifact)
	if err != nil {
		return nil, fmt.Errorf("artifact %s of model %s: %w", digest, model, err)
	}
	return prepare(p), nil
}
