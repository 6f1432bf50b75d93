package training

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// roundsName is of the metadata of a file with the rounds of a fold.
const roundsName = "rounds"

// begunFold is what is kept of a fold that is not finished, besides the tensors of its model.
type begunFold struct {
	Rounds  int         `json:"rounds"`
	Kept    int         `json:"kept,omitempty"`
	Model   model.State `json:"model"`
	Seconds float64     `json:"seconds,omitempty"` // those of all attempts so far
}

func roundsKey(t Trial, fold, rounds int) string {
	return t.checkpointKey(fmt.Sprintf("%d-%d", fold, rounds))
}

// writeRounds keeps how far the fit of a fold came.
func (e *Engine) writeRounds(ctx context.Context, t Trial, fold int, p *model.Partial, seconds float64) error {
	text, err := json.Marshal(begunFold{p.Rounds, p.Kept, p.State, seconds})
	if err != nil {
		return err
	}
	file := &safetensors.File{Metadata: map[string]string{roundsName: string(text)}, Tensors: p.State.Tensors}
	body, err := file.Encode()
	if err != nil {
		return err
	}
	return e.put(ctx, roundsKey(t, fold, p.Rounds), body)
}

// readRounds reads how far the fit of a fold came in the attempt that came farthest. Whether it is of
// that fit is for the learner to say.
func (e *Engine) readRounds(ctx context.Context, t Trial, f *foldsSoFar, fold int) error {
	body, _, err := registry.Read(ctx, e.Registry.Store, roundsKey(t, fold, f.rounds[fold]))
	if err != nil {
		return err
	}
	var begun begunFold
	file, err := safetensors.Decode(body)
	if err == nil {
		err = json.Unmarshal([]byte(file.Metadata[roundsName]), &begun)
	}
	if err != nil {
		f.rounds[fold] = 0
		return nil // it is done anew
	}
	begun.Model.Tensors = file.Tensors
	f.begun[fold] = &model.Partial{Rounds: begun.Rounds, Kept: begun.Kept, State: begun.Model}
	f.seconds = max(f.seconds, begun.Seconds)
	return nil
}
