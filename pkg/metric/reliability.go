package metric

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/mathext"
)

// Reliable is one bin of a reliability curve: the rows whose probability lies in it.
type Reliable struct {
	Rows int
	// Said is the mean probability, Seen the share of rows it came true for, both by weight.
	Said, Seen float64
	// Low and High are the confidence interval of Seen (Wilson 1927), a row being one observation
	// whatever its weight.
	Low, High float64
}

// Reliability compares probabilities with what happened (true is 1 or 0 of each row), in so many
// equally wide bins of [0, 1] as scikit-learn cuts them; empty ones are left out. weights may be nil.
func Reliability(happened, probability, weights []float64, bins int, confidence float64) []Reliable {
	if len(happened) != len(probability) || weights != nil && len(weights) != len(happened) || bins < 1 {
		panic("metric: reliability of slices that do not fit")
	}
	edges := make([]float64, bins-1) // between bins; a probability on an edge is below it
	for i := range edges {
		edges[i] = float64(i+1) / float64(bins)
	}
	said, seen, total := make([]float64, bins), make([]float64, bins), make([]float64, bins)
	rows := make([]int, bins)
	for row, p := range probability {
		w := 1.0
		if weights != nil {
			w = weights[row]
		}
		if w == 0 {
			continue
		}
		bin := sort.SearchFloat64s(edges, p)
		rows[bin]++
		total[bin] += w
		said[bin] += float64(w * p)
		seen[bin] += float64(w * happened[row])
	}
	var curve []Reliable
	for bin, n := range rows {
		if n == 0 {
			continue
		}
		r := Reliable{Rows: n, Said: said[bin] / total[bin], Seen: seen[bin] / total[bin]}
		r.Low, r.High = ShareInterval(r.Seen, n, confidence)
		curve = append(curve, r)
	}
	return curve
}

// ShareInterval is the confidence interval of a share that was seen on so many rows (Wilson 1927):
// all of 0 to 1 of none.
func ShareInterval(share float64, rows int, confidence float64) (low, high float64) {
	if rows == 0 {
		return 0, 1
	}
	return wilsonBounds(share, float64(rows), normalQuantile(confidence))
}

// Confusion counts the rows of each class, y, by the class that was decided for them: the rows
// of class i that were taken for j are at i*classes+j.
func Confusion(y []float64, decided []int, classes int) []int {
	counts := make([]int, classes*classes)
	for row, class := range y {
		counts[int(class)*classes+decided[row]]++
	}
	return counts
}

// NormalScores are what the order statistics of n values of a standard normal distribution are
// at, in the median (Filliben 1975): the x of a Q–Q plot.
func NormalScores(n int) []float64 {
	scores := make([]float64, n)
	last := math.Pow(0.5, 1/float64(n))
	for i := range scores {
		m := (float64(i+1) - 0.3175) / (float64(n) + 0.365)
		switch i {
		case n - 1:
			m = last
		case 0:
			m = 1 - last
		}
		scores[i] = mathext.NormalQuantile(m)
	}
	return scores
}
