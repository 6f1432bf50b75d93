package model

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// readGolden reads what a script of testdata/peers wrote to testdata/golden.
func readGolden(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("../../testdata/golden/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// readPeerData reads a data set as the peers' script does: texts as their index in the
// sorted list of texts.
func readPeerData(t *testing.T, name, target string, task dataset.Task, classes int) Data {
	t.Helper()
	file, err := os.Open("../../testdata/" + name + ".csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	data := Data{X: &dataset.Matrix{Rows: len(records) - 1}, Task: task, Classes: classes}
	for j, header := range records[0] {
		column, texts := codes(records[1:], j)
		switch {
		case header == target:
			data.Y = column
		case target == "grade" && header == "quality":
			data.Y = column
			for i, q := range column {
				data.Y[i] = min(max(q-4, 0), 4) // up to 4, 5, 6, 7, above
			}
		default:
			data.X.Names = append(data.X.Names, header)
			data.X.Columns = append(data.X.Columns, column)
			data.X.Categories = append(data.X.Categories, texts)
		}
	}
	return data
}

// codes returns the values of a column and how many different texts it has.
func codes(records [][]string, j int) ([]float64, int) {
	var texts []string
	for _, r := range records {
		r[j] = strings.TrimSpace(r[j])
		if _, err := strconv.ParseFloat(r[j], 64); err != nil && !missing(r[j]) {
			texts = append(texts, r[j])
		}
	}
	slices.Sort(texts)
	texts = slices.Compact(texts)
	column := make([]float64, len(records))
	for i, r := range records {
		if missing(r[j]) {
			column[i] = math.NaN()
		} else if code, ok := slices.BinarySearch(texts, r[j]); ok {
			column[i] = float64(code)
		} else {
			column[i], _ = strconv.ParseFloat(r[j], 64)
		}
	}
	return column, len(texts)
}

func missing(text string) bool { return text == "?" || text == "NA" || text == "" }

// foldOf parts the rows as the peers' scripts do: row i is tested in fold i modulo folds.
func foldOf(data Data, fold, folds int) (train, test Data) {
	var fitted, held []int
	for i := range data.Y {
		if i%folds == fold {
			held = append(held, i)
		} else {
			fitted = append(fitted, i)
		}
	}
	return rowsOf(data, fitted), rowsOf(data, held)
}

// foldPredictions fits the learner to all but the fold, and predicts the fold's rows.
func foldPredictions(t *testing.T, learner Learner, data Data, fold, folds int, seed uint64) (test Data, predicted []float64, outputs int) {
	t.Helper()
	train, test := foldOf(data, fold, folds)
	m, err := learner.Fit(context.Background(), train, seed)
	if err != nil {
		t.Fatal(err)
	}
	predicted = make([]float64, len(test.Y)*m.Outputs())
	m.Predict(predicted, test.X)
	return test, predicted, m.Outputs()
}

func rowsOf(data Data, rows []int) Data {
	of := data
	of.X, of.Y, of.Weights = data.X.Select(rows), nil, nil
	for _, r := range rows {
		of.Y = append(of.Y, data.Y[r])
		if data.Weights != nil {
			of.Weights = append(of.Weights, data.Weights[r])
		}
	}
	return of
}

func scoresOf(data Data, y, predicted []float64, outputs int) map[string]float64 {
	n := float64(len(y))
	if !data.Task.Classification() {
		sum := 0.0
		for i, p := range predicted {
			sum += (y[i] - p) * (y[i] - p)
		}
		return map[string]float64{"rmse": math.Sqrt(sum / n)}
	}
	sum := 0.0
	for i, c := range y {
		sum -= math.Log(predicted[i*outputs+int(c)])
	}
	scores := map[string]float64{"log_loss": sum / n}
	if data.Task == dataset.Binary {
		// The share of pairs in order, a tie being half of one (Mann & Whitney 1947).
		wins, pairs := 0.0, 0.0
		for i := range y {
			for j := range y {
				if y[i] == 1 && y[j] == 0 {
					pairs++
					switch a, b := predicted[2*i+1], predicted[2*j+1]; {
					case a > b:
						wins++
					case a == b:
						wins += 0.5
					}
				}
			}
		}
		scores["roc_auc"] = wins / pairs
	}
	return scores
}

// brier is the mean squared distance of probabilities from the class (Brier 1950), and the
// share of rows whose likeliest class is wrong.
func brier(y, predicted []float64, classes int) (score, wrong float64) {
	for i, class := range y {
		top := 0
		for k, p := range predicted[i*classes : (i+1)*classes] {
			if k == int(class) {
				p--
			}
			score += p * p
			if predicted[i*classes+k] > predicted[i*classes+top] {
				top = k
			}
		}
		if top != int(class) {
			wrong++
		}
	}
	return score / float64(len(y)), wrong / float64(len(y))
}

// meanAndError is the mean of the folds' scores and its standard error.
func meanAndError(scores []float64) (mean, e float64) {
	n := float64(len(scores))
	for _, s := range scores {
		mean += s / n
	}
	sum := 0.0
	for _, s := range scores {
		sum += (s - mean) * (s - mean)
	}
	return mean, math.Sqrt(sum / (n - 1) / n)
}
