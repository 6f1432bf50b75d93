// Package validate decides which rows a model learns from and which it is judged on.
//
// Its opinion: a score is honest if the rows that judge are to the model what tomorrow's rows
// will be. So rows that belong together, such as those of one customer or copies of one row,
// lie on one side (Rows.Groups); what is to be predicted from the past is judged by what came
// later (TimeSeries); and where there are classes every fold has its share of them
// (Rows.Classes). Splits depend on the seed and on these facts alone, so that every trial of a
// run, wherever it runs, sees the same folds.
//
// KFold, Repeated, Holdout, TimeSeries and Predefined make the folds. The package knows nothing
// of models, and does not decide which scheme suits the data.
package validate

// Fold is one split: row indices, ascending, none of them in both. Of KFold and Holdout they
// name every row together.
type Fold struct {
	Train []int `json:"train"`
	Test  []int `json:"test"`
}

// Folds makes k folds of the fold that tests on each row; a row of −1 is tested by none.
func Folds(assigned []int, k int) []Fold {
	tests := make([]int, k)
	for _, own := range assigned {
		if own >= 0 {
			tests[own]++
		}
	}
	folds := make([]Fold, k)
	for f := range folds {
		fold := Fold{Train: make([]int, 0, len(assigned)-tests[f]), Test: make([]int, 0, tests[f])}
		for row, own := range assigned {
			if own == f {
				fold.Test = append(fold.Test, row)
			} else {
				fold.Train = append(fold.Train, row)
			}
		}
		folds[f] = fold
	}
	return folds
}
