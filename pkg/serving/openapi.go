package serving

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// openAPI answers the OpenAPI document of one model: what generators of clients read.
func (s *Server) openAPI(w http.ResponseWriter, r *http.Request) error {
	response, p, err := s.described(r)
	if err != nil {
		return err
	}
	response.describe(w.Header())
	body, err := json.Marshal(modelAPI(p, response))
	if err != nil {
		return err
	}
	gateway.WriteBody(w, http.StatusOK, "application/json", body)
	return nil
}

// modelAPI is OpenAPI 3.0, which most generators know, of predict and validate.
func modelAPI(p *pipeline.Pipeline, of *Response) object {
	base := "/v1/models/" + string(of.Model)
	operation := func(id, summary, answer string) object {
		return object{{"post", object{
			{"operationId", id},
			{"summary", summary},
			{"requestBody", object{{"required", true}, {"content", object{{typeJSON, object{{"schema", ref("Request")}}}}}}},
			{"responses", object{
				{"200", object{{"description", "The answer."}, {"content", object{{typeJSON, object{{"schema", ref(answer)}}}}}}},
				{"default", object{{"description", "What is wrong (RFC 9457)."}, {"content", object{{"application/problem+json", object{{"schema", ref("Problem")}}}}}}},
			}},
		}}}
	}
	return object{
		{"openapi", "3.0.3"},
		{"info", object{
			{"title", fmt.Sprintf("Predictions of %s by model %s", p.Target.Name, of.Model)},
			{"version", fmt.Sprint(of.Version)},
			{"description", "Artifact " + of.Digest + "."},
		}},
		{"paths", object{
			{base + "/predict", operation("predict", "Predictions for rows.", "Answer")},
			{base + "/validate", operation("validate", "Checks rows as predict does, and predicts nothing.", "Validation")},
		}},
		{"components", object{{"schemas", modelSchemas(p)}}},
	}
}

func ref(name string) object { return object{{"$ref", "#/components/schemas/" + name}} }

// openAPIType is one of some types, or null, as OpenAPI 3.0 writes it. Of several types it has no
// word.
func openAPIType(types ...string) object {
	if len(types) > 1 {
		return object{{"nullable", true}}
	}
	return object{{"type", types[0]}, {"nullable", true}}
}

// modelSchemas are those of requests and answers.
func modelSchemas(p *pipeline.Pipeline) object {
	of := func(kind string) object { return object{{"type", kind}} }
	list := func(items object) object { return object{{"type", "array"}, {"items", items}} }
	pair := object{{"type", "array"}, {"items", of("number")}, {"minItems", 2}, {"maxItems", 2}}
	prediction := object{{"value", of("number")}, {"interval", pair}}
	if p.Target.Task.Classification() {
		chances := make(object, len(p.Target.Classes))
		for i, class := range p.Target.Classes {
			chances[i] = field{class, of("number")}
		}
		prediction = object{
			{"class", object{{"type", "string"}, {"enum", p.Target.Classes}}},
			{"probabilities", object{{"type", "object"}, {"properties", chances}}},
		}
	}
	prediction = append(prediction, field{"reasons", of("object")})
	version := object{{"model", of("string")}, {"version", of("integer")}, {"digest", of("string")}, {"alias", of("string")}}
	properties := func(o object) object { return object{{"type", "object"}, {"properties", o}} }
	fault := object{{"pointer", of("string")}, {"line", of("integer")}, {"row", of("integer")}, {"column", of("string")}, {"detail", of("string")}}
	return object{
		{"Row", rowSchema(p, openAPIType, "example")},
		{"Request", object{
			{"type", "object"}, {"required", []string{"instances"}},
			{"properties", append(object{{"instances", object{{"type", "array"}, {"minItems", 1}, {"maxItems", MaxInstances}, {"items", ref("Row")}}}}, optionSchemas()...)},
		}},
		{"Prediction", properties(prediction)},
		{"Warning", properties(fault)},
		{"Answer", properties(append(version[:4:4], field{"arm", of("string")}, field{"id", of("string")}, field{"coverage", of("number")}, field{"predictions", list(ref("Prediction"))}, field{"warnings", list(ref("Warning"))}))},
		{"Validation", properties(append(version[:4:4], field{"rows", of("integer")}, field{"warnings", list(ref("Warning"))}))},
		{"Problem", properties(object{{"type", of("string")}, {"title", of("string")}, {"status", of("integer")}, {"detail", of("string")}, {"instance", of("string")}, {"errors", list(ref("Warning"))}})},
	}
}
