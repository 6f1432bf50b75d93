package serving

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// openInference adds the routes of the Open Inference Protocol, version 2, by HTTP and with
// tensors in JSON (github.com/kserve/open-inference-protocol); its binary extension is not read.
// A column of the model is an input tensor of shape [rows] or [rows, 1].
func (s *Server) openInference(mux *http.ServeMux) {
	handle := func(pattern string, h gateway.Func) { mux.Handle(pattern, oip(h)) }
	handle("GET /v2", func(w http.ResponseWriter, r *http.Request) error {
		gateway.WriteJSON(w, http.StatusOK, serverMetadata{"foretell", "2", []string{}})
		return nil
	})
	handle("GET /v2/health/live", func(w http.ResponseWriter, r *http.Request) error {
		gateway.WriteJSON(w, http.StatusOK, health{Live: true})
		return nil
	})
	handle("GET /v2/health/ready", func(w http.ResponseWriter, r *http.Request) error {
		if err := s.ready(r); err != nil {
			return err
		}
		gateway.WriteJSON(w, http.StatusOK, health{Ready: true})
		return nil
	})
	for _, of := range []string{"/v2/models/{model}", "/v2/models/{model}/versions/{version}"} {
		handle("GET "+of, s.metadata)
		handle("GET "+of+"/ready", s.modelReady)
		handle("POST "+of+"/infer", s.infer)
	}
}

// oip is a handler whose problems also have the member error, which clients of the protocol
// look for.
func oip(h gateway.Func) gateway.Func {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := h(w, r)
		if err == nil {
			return nil
		}
		p, _ := gateway.AsProblem(err)
		p.Message = p.Error()
		return p.Because(err)
	}
}

type serverMetadata struct {
	Name       string   `json:"name"`
	Version    string   `json:"version"` // of the protocol
	Extensions []string `json:"extensions"`
}

type health struct {
	Live  bool `json:"live,omitempty"`
	Ready bool `json:"ready,omitempty"`
}

// Readiness says that a model can be asked.
type Readiness struct {
	Name  string `json:"name"`
	Ready bool   `json:"ready"`
}

// Metadata describes a model as the protocol has it.
type Metadata struct {
	Name     string           `json:"name"`
	Versions []string         `json:"versions"` // the one that answers
	Platform string           `json:"platform"`
	Inputs   []TensorMetadata `json:"inputs"`
	Outputs  []TensorMetadata `json:"outputs"`
}

// TensorMetadata describes a tensor; a dimension of −1 is the number of rows.
type TensorMetadata struct {
	Name     string `json:"name"`
	DataType string `json:"datatype"`
	Shape    []int  `json:"shape"`
}

func modelOf(r *http.Request) registry.ModelName { return registry.ModelName(r.PathValue("model")) }

// versionOf says which version a request is about: that of its path, or as selected.
func versionOf(r *http.Request, q request) (selection, error) {
	text := r.PathValue("version")
	if text == "" {
		return selected(q)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return selection{}, gateway.VersionNotFound.New("version " + strconv.Quote(cut(text)) + " of model " + cut(r.PathValue("model")) + " is not a positive integer")
	}
	if chosen, err := selected(q); err != nil {
		return selection{}, err
	} else if chosen != (selection{alias: registry.Champion}) || q.Alias != nil || q.query.Has("alias") {
		return selection{}, gateway.InvalidParameter.New(fmt.Sprintf("the path names version %d; name no alias, version or digest besides", n))
	}
	return selection{version: n}, nil
}

func (s *Server) metadata(w http.ResponseWriter, r *http.Request) error {
	which, err := versionOf(r, request{query: queryOf(r)})
	if err != nil {
		return err
	}
	model := modelOf(r)
	f, p, err := s.open(r.Context(), model, which)
	if err != nil {
		return err
	}
	m := Metadata{Name: string(model), Versions: []string{strconv.Itoa(f.version)}, Platform: "foretell"}
	for _, f := range p.Schema {
		m.Inputs = append(m.Inputs, TensorMetadata{f.Name, datatypeOf(f.Type), []int{-1}})
	}
	m.Outputs = outputsOf(p.Pipeline)
	gateway.WriteJSON(w, http.StatusOK, m)
	return nil
}

func (s *Server) modelReady(w http.ResponseWriter, r *http.Request) error {
	which, err := versionOf(r, request{query: queryOf(r)})
	if err != nil {
		return err
	}
	if _, _, err := s.open(r.Context(), modelOf(r), which); err != nil {
		return err
	}
	gateway.WriteJSON(w, http.StatusOK, Readiness{r.PathValue("model"), true})
	return nil
}

// datatypeOf is the type of tensor for a column. Timestamps are texts, as in CSV.
func datatypeOf(t dataset.Type) string {
	switch t {
	case dataset.Numeric:
		return "FP64"
	case dataset.Boolean:
		return "BOOL"
	}
	return "BYTES"
}

// The outputs of an inference.
const (
	outputPredict       = "predict"       // the values, or the classes
	outputProbabilities = "probabilities" // of each row, of each class
	outputClasses       = "classes"       // in the order of their probabilities
	outputInterval      = "interval"      // of each row, low and high
	outputScore         = "score"         // if explained: of each row, the sum of its base and contributions
	outputBase          = "base"
	outputContributions = "contributions" // of each row, of each column of the schema
)

func outputsOf(p *pipeline.Pipeline) []TensorMetadata {
	k := len(p.Target.Classes)
	if k > 0 {
		return []TensorMetadata{{outputPredict, "BYTES", []int{-1}}, {outputProbabilities, "FP64", []int{-1, k}}, {outputClasses, "BYTES", []int{k}}}
	}
	outputs := []TensorMetadata{{outputPredict, "FP64", []int{-1}}}
	if p.Coverage() != 0 {
		outputs = append(outputs, TensorMetadata{outputInterval, "FP64", []int{-1, 2}})
	}
	return outputs
}
