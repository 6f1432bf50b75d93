package training

import "math"

// BudgetConfig bounds what a run may take. A run whose quote is over a bound is refused before
// anything starts; and when what was spent and the next round together are over the bound on
// cost, no more rounds are started, and the best so far is the model.
type BudgetConfig struct {
	// Cost is the most dollars, by the prices of the quote. Default: no bound.
	Cost float64 `json:"cost,omitempty"`
	// Minutes is the most time from start to end, at the workflow's concurrency. Default: no
	// bound.
	Minutes float64 `json:"minutes,omitempty"`
}

func (b BudgetConfig) faults(l *faultList) {
	for pointer, v := range map[string]float64{"/budget/cost": b.Cost, "/budget/minutes": b.Minutes} {
		if v < 0 || math.IsInf(v, 1) {
			l.add(pointer, "want a number above 0, got %v; without one there is no bound", v)
		}
	}
}
