package training

import (
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/metric"
)

// judged are out-of-fold predictions of candidates, laid out as they are judged: the test rows
// of the folds, one fold after the other.
//
// What is chosen by them must not be judged by them. So rows are in parts, and for the rows of
// each part everything is chosen again on the rows of the others ("cross-fitting"). A part is
// the rows that a fold is the first to test or, of a single fold, every fifth of them.
type judged struct {
	by         metric.Metric
	outputs    int
	rows       []int // of the prepared data
	part       []int // of each of them, from 0
	ends       []int // where each fold's rows end
	y, weights []float64
	candidates [][]float64 // rows × outputs
}

// partsOfOne is how many parts the rows of a single fold are in.
const partsOfOne = 5

// layOut lays out predictions that stand in the order of the prepared rows.
func layOut(data *prepared, by metric.Metric, outputs int, predictions [][]float64) *judged {
	j := &judged{by: by, outputs: outputs}
	first := make([]int, len(data.Y)) // the fold that is the first to test a row, from 1
	for f, fold := range data.folds {
		for i, row := range fold.Test {
			if first[row] == 0 {
				first[row] = f + 1
			}
			part := first[row] - 1
			if len(data.folds) == 1 {
				part = i % partsOfOne
			}
			j.rows, j.part = append(j.rows, row), append(j.part, part)
		}
		j.ends = append(j.ends, len(j.rows))
	}
	tested := data.Select(j.rows)
	j.y, j.weights = tested.Y, tested.Weights
	for _, p := range predictions {
		j.candidates = append(j.candidates, ofRows(p, j.rows, outputs))
	}
	return j
}

// ofRows returns the predictions of some rows, outputs of them for each.
func ofRows(predictions []float64, rows []int, outputs int) []float64 {
	of := make([]float64, 0, len(rows)*outputs)
	for _, row := range rows {
		of = append(of, predictions[row*outputs:(row+1)*outputs]...)
	}
	return of
}

// parts is how many there are.
func (j *judged) parts() int {
	n := 0
	for _, p := range j.part {
		n = max(n, p+1)
	}
	return n
}

// places are those of the rows that are in a part, or that are not.
func (j *judged) places(part int, in bool) []int {
	var places []int
	for at, p := range j.part {
		if (p == part) == in {
			places = append(places, at)
		}
	}
	return places
}

// at returns what stands at some places, in rising order.
func (j *judged) at(places []int) *judged {
	of := &judged{by: j.by, outputs: j.outputs}
	fold := 0
	for _, at := range places {
		for ; at >= j.ends[fold]; fold++ {
			if n := len(of.rows); n > 0 && (len(of.ends) == 0 || of.ends[len(of.ends)-1] < n) {
				of.ends = append(of.ends, n)
			}
		}
		of.rows, of.part = append(of.rows, j.rows[at]), append(of.part, j.part[at])
		of.y = append(of.y, j.y[at])
		if j.weights != nil {
			of.weights = append(of.weights, j.weights[at])
		}
	}
	of.ends = append(of.ends, len(of.rows))
	for _, c := range j.candidates {
		of.candidates = append(of.candidates, ofRows(c, places, j.outputs))
	}
	return of
}

// score is the mean over the folds by which trials are ranked; NaN if a fold has none.
func (j *judged) score(predicted []float64) float64 {
	scores := j.byFold(j.by, predicted)
	return num.Sum(scores) / float64(len(scores))
}

// byFold is the score of each fold; NaN where it is not defined.
func (j *judged) byFold(m metric.Metric, predicted []float64) []float64 {
	scores := make([]float64, len(j.ends))
	from := 0
	for f, end := range j.ends {
		var weights []float64
		if j.weights != nil {
			weights = j.weights[from:end]
		}
		score, err := m.Score(j.y[from:end], predicted[from*j.outputs:end*j.outputs], weights, j.outputs)
		if err != nil {
			score = math.NaN()
		}
		scores[f], from = score, end
	}
	return scores
}

// folds are those that the rows are tested by.
func (j *judged) folds() []int {
	folds := make([]int, len(j.rows))
	fold := 0
	for at := range folds {
		for at >= j.ends[fold] {
			fold++
		}
		folds[at] = fold
	}
	return folds
}

// once are the places of the rows, each where it stands first.
func (j *judged) once() []int {
	var places []int
	seen := map[int]bool{}
	for at, row := range j.rows {
		if !seen[row] {
			places, seen[row] = append(places, at), true
		}
	}
	return places
}
