package model

import (
	"fmt"
	"math"
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
	OutOfBag []struct {
		Target  string
		Task    dataset.Task
		Classes int
		Scores  []float64 // by seed
	} `json:"out_of_bag"`
}

// forestErrors is by how many standard errors of scikit-learn's mean over folds a forest may
// be worse: one, which is the field's rule for "no worse" (Breiman et al. 1984, 3.4.3).
const forestErrors = 1.0

// forestFolds is how many of the folds are looked at, since deep trees take long: make
// bench-accuracy looks at all of them.
const forestFolds = 3

func TestForestScoresLikeScikitLearn(t *testing.T) {
	var peers forestPeers
	readGolden(t, "forest_sklearn.json", &peers)
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
				_, e := meanAndError(peer)
				theirs, _ := meanAndError(peer[:forestFolds])
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

// forestByFold is the score of each of the first folds, the mean over seeds.
func forestByFold(t *testing.T, learner Learner, data Data, folds, seeds int) map[string][]float64 {
	t.Helper()
	scores := map[string][]float64{}
	for fold := range forestFolds {
		of := map[string]float64{}
		for seed := range seeds {
			test, predicted, outputs := foldPredictions(t, learner, data, fold, folds, uint64(seed+1))
			for name, score := range scoresOf(data, test.Y, predicted, outputs) {
				of[name] += score / float64(seeds)
			}
			if data.Task.Classification() {
				score, wrong := brier(test.Y, predicted, outputs)
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

// TestForestScoresOutOfBagLikeScikitLearn holds the score out of bag to those of five seeds of
// scikit-learn's: within four standard deviations of a seed, of which five say little, so that
// it is taken to be 0.003 at least, which is that of the ratings.
func TestForestScoresOutOfBagLikeScikitLearn(t *testing.T) {
	var peers forestPeers
	readGolden(t, "forest_sklearn.json", &peers)
	if len(peers.OutOfBag) == 0 {
		t.Fatal("no scores")
	}
	for _, c := range peers.OutOfBag {
		t.Run("target="+c.Target, func(t *testing.T) {
			t.Parallel()
			f := DefaultForest()
			f.OutOfBag = true
			m, err := f.Fit(t.Context(), readPeerData(t, "wine-quality-white", c.Target, c.Task, c.Classes), 1)
			if err != nil {
				t.Fatal(err)
			}
			mean, e := meanAndError(c.Scores)
			got, deviation := m.(OutOfBag).OutOfBagScore(), e*math.Sqrt(float64(len(c.Scores)))
			t.Logf("%.4f, scikit-learn %.4f, deviation of seeds %.4f", got, mean, deviation)
			if math.Abs(got-mean) > 4*max(deviation, 0.003) {
				t.Errorf("score is %.4f out of bag, scikit-learn has %.4f", got, mean)
			}
		})
	}
}

// TestForestTossesForMissingValues: of a column that has one value or none the toss sends all rows to one
// side half of the time, and then a node that drew no other is a leaf, as with scikit-learn. As
// many of 20,000 stumps are leaves as there, within four standard deviations of what both differ by.
func TestForestTossesForMissingValues(t *testing.T) {
	var golden struct {
		Stumps []struct {
			X             [][]*float64
			Y             []float64
			Trees, Leaves int
		}
	}
	readGolden(t, "forest_sklearn.json", &golden)
	if len(golden.Stumps) != 3 {
		t.Fatalf("%d cases", len(golden.Stumps))
	}
	for _, c := range golden.Stumps {
		t.Run(fmt.Sprintf("columns=%d", len(c.X)), func(t *testing.T) {
			x := &dataset.Matrix{Rows: len(c.Y)}
			for j, column := range c.X {
				x.Names, x.Columns = append(x.Names, fmt.Sprint("x", j)), append(x.Columns, make([]float64, len(column)))
				for i, v := range column {
					if x.Columns[j][i] = math.NaN(); v != nil {
						x.Columns[j][i] = *v
					}
				}
			}
			f := Forest{Trees: c.Trees, MaxDepth: 1, MinLeafRows: 1, Extra: true, ColumnShare: 1 / float64(len(c.X)), Bins: 255}
			m, err := f.Fit(t.Context(), Data{X: x, Y: c.Y, Task: dataset.Regression}, 1)
			if err != nil {
				t.Fatal(err)
			}
			leaves, starts := 0, m.(*forest).trees().Starts
			for tree := range c.Trees {
				if starts[tree+1]-starts[tree] == 1 {
					leaves++
				}
			}
			n, share := float64(c.Trees), float64(c.Leaves)/float64(c.Trees)
			if deviation := math.Sqrt(2 * n * share * (1 - share)); math.Abs(float64(leaves-c.Leaves)) > 4*deviation {
				t.Errorf("%d of %d trees are leaves, scikit-learn has %d", leaves, c.Trees, c.Leaves)
			}
			t.Logf("%d leaves, scikit-learn %d", leaves, c.Leaves)
		})
	}
}
