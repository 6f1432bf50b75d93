package search

import (
	_ "embed"
	"encoding/json"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// portfolioText was found by internal/bench -room portfolio, and says on which data.
//
//go:embed portfolio.json
var portfolioText []byte

// Size is how many data there are to learn from.
type Size string

// The sizes, by rows × columns. Many data bear larger trees and more of them; perceptrons and
// neighbours take too long on them.
const (
	Few  Size = "few"
	Many Size = "many" // more than FewCells
)

// FewCells is how many values of inputs are few.
const FewCells = 20_000

// SizeOf is that of so many rows and columns.
func SizeOf(rows, columns int) Size {
	if rows*columns > FewCells {
		return Many
	}
	return Few
}

// Portfolio are points that were good on other data of about that size, in the order to try them:
// each next one is the one that most lowered the regret that those before it had left, so any
// first k are a good choice of k.
func Portfolio(task dataset.Task, size Size) []Candidate {
	var file struct {
		Portfolios map[Size]map[dataset.Task][]Candidate `json:"portfolios"`
	}
	if err := json.Unmarshal(portfolioText, &file); err != nil {
		panic("search: portfolio.json: " + err.Error()) // which a test would have seen
	}
	return file.Portfolios[size][task]
}
