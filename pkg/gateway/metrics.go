package gateway

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/foretell-ml/foretell/pkg/emf"
	"github.com/foretell-ml/foretell/pkg/topology"
)

// Metrics writes one line of metrics for each request of a Lambda function: how long it took, what
// type of problem it was answered by, and what its handler told by ObserveModel, ObserveRows and
// ObserveLoad. A nil *Metrics writes nothing. Hosts that are no function have the metrics of their
// load balancer or of SageMaker.
type Metrics struct {
	Function string    // whose they are, as topology calls it
	To       io.Writer // the function's log
	Now      func() time.Time
}

// LambdaHandler is a handler as Handler makes it.
type LambdaHandler = func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error)

// Measure is the handler h with a line for each of its requests, written when the answer is
// there. A line that cannot be written is lost, and no answer with it.
func (m *Metrics) Measure(h LambdaHandler) LambdaHandler {
	if m == nil {
		return h
	}
	return func(ctx context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		began := m.Now()
		o := &observed{}
		response, err := h(context.WithValue(ctx, observedKey{}, o), e)
		status := response.StatusCode
		if err != nil {
			status = http.StatusInternalServerError
		}
		ended := m.Now()
		_ = emf.Write(m.To, m.line(o, ended, ended.Sub(began), status, requestID(ctx, e)))
		return response, err
	}
}

// line is what is told of a request.
func (m *Metrics) line(o *observed, at time.Time, took time.Duration, status int, id string) emf.Line {
	o.mu.Lock()
	defer o.mu.Unlock()
	one := func(yes bool) float64 {
		if yes {
			return 1
		}
		return 0
	}
	metrics := append(make([]emf.Metric, 0, 5),
		emf.Metric{Name: topology.MetricLatency, Unit: emf.Milliseconds, Value: milliseconds(took)},
		emf.Metric{Name: topology.MetricFaults, Unit: emf.Count, Value: one(status >= 500)},
		emf.Metric{Name: topology.MetricRefusals, Unit: emf.Count, Value: one(400 <= status && status < 500)},
	)
	if o.rows > 0 {
		metrics = append(metrics, emf.Metric{Name: topology.MetricRows, Unit: emf.Count, Value: float64(o.rows)})
	}
	if o.loaded {
		metrics = append(metrics, emf.Metric{Name: topology.MetricLoadTime, Unit: emf.Milliseconds, Value: milliseconds(o.load)})
	}
	return emf.Line{
		Namespace: topology.MetricNamespace, Time: at,
		Fields: []emf.Field{
			{Name: topology.DimensionFunction, Value: m.Function}, {Name: topology.DimensionModel, Value: o.model},
			{Name: topology.DimensionProblem, Value: o.problem}, {Name: "RequestId", Value: id},
		},
		Groups: []emf.Group{
			{Sets: topology.ByFunctionAndModel, Metrics: metrics},
			{Sets: topology.ByProblem, Metrics: []emf.Metric{{Name: topology.MetricErrors, Unit: emf.Count, Value: 1}}}, // left out without a problem
		},
	}
}

// milliseconds are those of a duration, to the microsecond.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// observed is what is found out about a request on the way. A handler that was given up may still
// add to it.
type observed struct {
	mu      sync.Mutex
	model   string
	rows    int
	load    time.Duration
	loaded  bool
	problem string
}

type observedKey struct{}

// observe does something to what is known of the request whose context it is, if it is measured.
func observe(ctx context.Context, do func(*observed)) {
	if o, ok := ctx.Value(observedKey{}).(*observed); ok {
		o.mu.Lock()
		defer o.mu.Unlock()
		do(o)
	}
}

// ObserveModel tells which model a request is about. It is to be one that there is: clients may ask
// for any name, and metrics have one dimension for each.
func ObserveModel(ctx context.Context, model string) {
	observe(ctx, func(o *observed) { o.model = model })
}

// ObserveRows tells how many rows a request has.
func ObserveRows(ctx context.Context, rows int) {
	observe(ctx, func(o *observed) { o.rows = rows })
}

// ObserveLoad tells how long it took to load an artifact for a request.
func ObserveLoad(ctx context.Context, took time.Duration) {
	observe(ctx, func(o *observed) { o.load, o.loaded = took, true })
}

// observeProblem tells by which type of problem a request is answered: that of the last answer, for
// it is the one that is sent.
func observeProblem(ctx context.Context, p Problem) {
	observe(ctx, func(o *observed) { o.problem = strings.TrimPrefix(p.Type, TypeBase) })
}
