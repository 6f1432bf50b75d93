package serving

import (
	"encoding/json"

	"github.com/foretell-ml/foretell/pkg/internal/jsontext"
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// prepared is a pipeline with what every request needs of it, found out once.
type prepared struct {
	*pipeline.Pipeline
	fields  map[string]int    // index in the schema, by name
	columns []json.RawMessage // names of the schema, as JSON
	classes []json.RawMessage // names of the target's, as JSON
}

func prepare(p *pipeline.Pipeline) *prepared {
	ready := &prepared{p, make(map[string]int, len(p.Schema)), jsonTexts(names(p.Schema)), jsonTexts(p.Target.Classes)}
	for i, f := range p.Schema {
		ready.fields[f.Name] = i
	}
	return ready
}

// with is the same for another pipeline of that schema and target.
func (p *prepared) with(other *pipeline.Pipeline) *prepared {
	same := *p
	same.Pipeline = other
	return &same
}

// jsonTexts are texts as JSON.
func jsonTexts(texts []string) []json.RawMessage {
	all := make([]json.RawMessage, len(texts))
	for i, text := range texts {
		all[i] = jsontext.AppendText(nil, text)
	}
	return all
}
