package training

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/safetensors"
	"github.com/foretell-ml/foretell/pkg/validate"
)

const predictionsTensor = "predictions" // rows × outputs

// outOfFold puts what the folds predict for their test rows together: rows × outputs, the
// mean where several folds test a row, NaN where none does. It adds in the order of folds.
func outOfFold(folds []validate.Fold, byFold [][]float64, rows, outputs int) []float64 {
	sums := make([]float64, rows*outputs)
	times := make([]int, rows)
	for f, fold := range folds {
		for i, row := range fold.Test {
			times[row]++
			for k, v := range byFold[f][i*outputs : (i+1)*outputs] {
				sums[row*outputs+k] += v
			}
		}
	}
	for i := range sums {
		if n := times[i/outputs]; n == 0 {
			sums[i] = math.NaN()
		} else if n > 1 {
			sums[i] /= float64(n)
		}
	}
	return sums
}

// finalPredictions stands for a trial's name: the out-of-fold predictions of the final model.
const finalPredictions = "final"

func (r RunID) predictionsKey(trial string) string { return r.key("predictions/" + trial) }

// writePredictions stores the out-of-fold predictions of a trial, before its result: what is
// in the ledger has them.
func (e *Engine) writePredictions(ctx context.Context, t Trial, predicted []float64, outputs int) error {
	file := &safetensors.File{Tensors: map[string]safetensors.Tensor{predictionsTensor: safetensors.FromF64(predicted, len(predicted)/outputs, outputs)}}
	body, err := file.Encode()
	if err != nil {
		return err
	}
	return e.put(ctx, t.Run.predictionsKey(t.ID), body)
}

// predictions reads the out-of-fold predictions of a trial that the ledger has without an
// error: rows × outputs, in the order of the prepared rows; NaN where no fold tests the row,
// the mean where several do.
func (e *Engine) predictions(ctx context.Context, run RunID, trial string, rows, outputs int) ([]float64, error) {
	b, _, err := registry.Read(ctx, e.Registry.Store, run.predictionsKey(trial))
	if err != nil {
		return nil, err
	}
	file, err := safetensors.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("predictions of %s: %w", trial, err)
	}
	t := file.Tensors[predictionsTensor]
	predicted, err := t.F64()
	if err != nil {
		return nil, fmt.Errorf("predictions of %s: %w", trial, err)
	}
	if want := []int{rows, outputs}; !slices.Equal(t.Shape, want) {
		return nil, fmt.Errorf("predictions of %s: shape %v, want %v", trial, t.Shape, want)
	}
	return predicted, nil
}

// keepFinalPredictions stores what the members of the final model predicted out of fold, together
// and calibrated: a later run compares its own with them.
func (e *Engine) keepFinalPredictions(ctx context.Context, plan Plan, made Ensemble) error {
	outputs := plan.Target.Outputs()
	together := make([]float64, plan.Rows*outputs)
	for _, member := range made.Members {
		predicted, err := e.predictions(ctx, plan.Run, member.Trial, plan.Rows, outputs)
		if err != nil {
			return err
		}
		for i, p := range predicted {
			together[i] += float64(member.Weight * p)
		}
	}
	if made.Calibration != nil {
		for row := range plan.Rows {
			if of := together[row*outputs:][:outputs]; !math.IsNaN(of[0]) { // else no fold tests it
				made.Calibration.Apply(of)
			}
		}
	}
	return e.writePredictions(ctx, Trial{Run: plan.Run, ID: finalPredictions}, together, outputs)
}
