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

// Portfolio are points that were good on other data, in the order to try them: each next one is
// the one that most lowered the regret that those before it had left, so any first k are a good
// choice of k.
func Portfolio(task dataset.Task) []Candidate {
	var file struct {
		Portfolios map[dataset.Task][]Candidate `json:"portfolios"`
	}
	if err := json.Unmarshal(portfolioText, &file); err != nil {
		panic("search: portfolio.json: " + err.Error()) // which a test would have seen
	}
	return file.Portfolios[task]
}
