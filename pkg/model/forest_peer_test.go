package model

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// forestPeers is testdata/golden/forest_sklearn.json, made by the script of that name in
// testdata/peers.
type forestPeers struct {
	Folds int
	Cases []struct {
		Data, Target string
		Task         dataset.Task
		Classes      int
		Params       map[string]any
		Seeds        int                  // that scores are means over
		Scores       map[string][]float64 // by fold
	}
}

// forestErrors is by how many standard errors of scikit-learn's mean over folds a forest may
// be worse: one, which is the field's rule for "no worse" (Breiman et al. 1984, 3.4.3).
const forestErrors = 1.0

func TestForestScoresLikeScikitLearn(t *testing.T) {
	text, err := os.ReadFile("../../testdata/golden/forest_sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	var peers forestPeers
	if err := json.Unmarshal(text, &peers); err != nil {
		t.Fatal(err)
	}
	if len(peers.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range peers.Cases {
		share := c.Params["column_share"]
		t.Run(fmt.Sprintf("data=%s/target=%s/extra=%v/leaf=%v/share=%v", c.Data, c.Target, c.Params["extra"], c.Params["min_leaf_rows"], share), func(t *testing.T) {
			t.Parallel()
			learner, err := New("forest", c.Params)
			if err != nil {
				t.Fatal(err)
			}
			data := readPeerData(t, c.Data, c.Target, c.Task, c.Classes)
			data.X.Categories = nil // their indices are numbers to both
			got := forestByFold(t, learner, data, peers.Folds, c.Seeds)
			for name, peer := range c.Scores {
				ours, _ := meanAndError(got[name])
				theirs, e := meanAndError(peer)
				worse := ours - theirs
				if name == "roc_auc" {
					worse = -worse
				}
				t.Logf("%s: %.5f, scikit-learn %.5f ± %.5f, worse by %.2f standard errors", name, ours, theirs, e, worse/e)
				if !(worse <= forestErrors*e) {
					t.Errorf("%s is %.5f, scikit-learn has %.5f ± %.5f", name, ours, theirs, e)
				}
			}
		})
	}
}

// forestByFold is the score of each fold, the mean over seeds; row i is tested in fold i modulo
// folds.
func forestByFold(t *testing.T, learner Learner, data Data, folds, seeds int) map[string][]float64 {
	t.Helper()
	scores := map[string][]float64{}
	for fold := range folds {
		var train, test []int
		for i := range data.Y {
			if i%folds == fold {
				test = append(test, i)
			} else {
				train = append(train, i)
			}
		}
		of := map[string]float64{}
		for seed := range seeds {
			m, err := learner.Fit(context.Background(), rowsOf(data, train), uint64(seed+1))
			if err != nil {
				t.Fatal(err)
			}
			tested := rowsOf(data, test)
			dst := make([]float64, len(test)*m.Outputs())
			m.Predict(dst, tested.X)
			for name, score := range scoresOf(data, tested.Y, dst, m.Outputs()) {
				of[name] += score / float64(seeds)
			}
			if data.Task.Classification() {
				score, wrong := brier(tested.Y, dst, m.Outputs())
				of["brier"] += score / float64(seeds)
				of["error"] += wrong / float64(seeds)
			}
		}
		delete(of, "log_loss") // leaves of one row have probabilities of 0 and 1
		for name, score := range of {
			scores[name] = append(scores[name], score)
		}
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
