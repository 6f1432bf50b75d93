package serving_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/memstore"
	"github.com/foretell-ml/foretell/pkg/serving"
)

// BenchmarkPredict is a warm request from event in to event out, as the deployed function does it:
// decoded, its alias found in memory, predicted by boosting of 100 trees of 31 leaves on 14 columns,
// captured as sketches, and written, before Lambda's deadline.
func BenchmarkPredict(b *testing.B) {
	r := &registry.Registry{Store: memstore.New(time.Unix(0, 0))}
	rows := hundredTrees(b, r)
	ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
	defer cancel()
	for _, kept := range []string{"off", "sketches"} {
		server := &serving.Server{Registry: r}
		if err := server.Watch("bench", environment("", kept), time.Now); err != nil {
			b.Fatal(err)
		}
		h := gateway.Handler(gateway.Routes(server.Routes()), nil)
		for _, n := range []int{1, 100, serving.MaxInstances} {
			event := eventOf(rows, n)
			b.Run(fmt.Sprintf("rows=%d/capture=%s", n, kept), func(b *testing.B) {
				b.SetBytes(int64(len(event.Body)))
				b.ReportAllocs()
				for b.Loop() {
					w, err := h(ctx, event)
					if err != nil || w.StatusCode != http.StatusOK {
						b.Fatal(err, w.Body)
					}
				}
			})
		}
	}
}

// eventOf is a request with so many of the rows, again and again.
func eventOf(rows []string, n int) events.APIGatewayProxyRequest {
	var body strings.Builder
	body.WriteString(`{"instances":[`)
	for i := range n {
		if i > 0 {
			body.WriteByte(',')
		}
		body.WriteString(rows[i%len(rows)])
	}
	body.WriteString("]}")
	return events.APIGatewayProxyRequest{
		HTTPMethod: "POST", Path: "/v1/models/census/predict", Body: body.String(),
		MultiValueHeaders: map[string][]string{"Content-Type": {"application/json"}},
	}
}

// hundredTrees registers a model of 100 trees, and returns rows for it as JSON.
func hundredTrees(b *testing.B, r *registry.Registry) (rows []string) {
	b.Helper()
	random := seed.Rand(seed.Derive(1, "serving"))
	const n = 4000
	columns, y := make([]dataset.Column, 14), make([]float64, n)
	for j := range columns {
		c := &columns[j]
		*c = dataset.Column{Name: fmt.Sprint("column ", j), Type: dataset.Numeric}
		if j >= 8 {
			c.Type, c.Levels = dataset.Categorical, []string{"Black", "Blue", "Green", "Red", "White"}
		}
		for i := range n {
			if j >= 8 {
				code := random.IntN(5)
				c.Codes = append(c.Codes, int32(code))
				y[i] += float64(code%3) / 3
			} else {
				v := float64(random.IntN(10000)) / 100
				c.Values = append(c.Values, v)
				y[i] += v / 100
			}
		}
	}
	inputs, err := dataset.NewTable(columns...)
	if err != nil {
		b.Fatal(err)
	}
	for i := range y {
		y[i] = min(1, float64(int(y[i]/6.2)))
	}
	target := pipeline.Target{Name: "income", Type: dataset.Categorical, Task: dataset.Binary, Classes: []string{"<=50K", ">50K"}}
	p, err := pipeline.Fit(b.Context(), pipeline.Data{Inputs: inputs, Y: y}, target,
		pipeline.Configuration{Learner: "boosting", Params: map[string]any{"rounds": 100, "leaves": 31}}, 1)
	if err != nil {
		b.Fatal(err)
	}
	register(b, r, "census", p, inputs)
	promote(b, r, "census", 1)
	for i := range 500 {
		fields := make([]string, len(columns))
		for j := range columns {
			text := inputs.Columns[j].Text(i)
			if j >= 8 {
				text = `"` + text + `"`
			}
			fields[j] = fmt.Sprintf("%q: %s", inputs.Columns[j].Name, text)
		}
		rows = append(rows, "{"+strings.Join(fields, ", ")+"}")
	}
	return rows
}
