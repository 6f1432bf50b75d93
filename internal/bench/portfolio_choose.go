package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/search"
)

// portfolioFile is pkg/search/portfolio.json.
type portfolioFile struct {
	From string         `json:"from"`
	Sets []portfolioSet `json:"sets"`
	// Candidates is how many each task's were chosen from.
	Candidates map[dataset.Task]int                `json:"candidates"`
	Portfolios map[dataset.Task][]search.Candidate `json:"portfolios"`
}

// choose writes the portfolio of each task, and prints how good portfolios are on sets that they
// were not found on: each set is left out once.
func choose(sets []portfolioSet, known map[string]measured, out string) error {
	file := portfolioFile{
		From: fmt.Sprintf("internal/bench -room portfolio: greedy by mean regret over each of %d folds of the sets of all tasks, in the tasks' default metrics", portfolioFolds),
		Sets: sets, Candidates: map[dataset.Task]int{}, Portfolios: map[dataset.Task][]search.Candidate{},
	}
	for _, task := range tasks {
		var own, others []portfolioSet
		for _, s := range sets {
			if s.Task == task {
				own = append(own, s)
			} else {
				others = append(others, s)
			}
		}
		all := whole(own, candidates(task), known)
		if len(all) < portfolioSize {
			return fmt.Errorf("only %d candidates for %s are measured on every set: start again to go on", len(all), task)
		}
		matrix := byFold(slices.Concat(own, others), all, known)
		file.Candidates[task] = len(all)
		for _, j := range greedy(matrix, portfolioSize) {
			file.Portfolios[task] = append(file.Portfolios[task], all[j])
		}
		curves(task, matrix, regrets(own, all, known, func(scores []float64) float64 { mean, _ := meanAndError(scores); return mean }))
	}
	text, err := json.MarshalIndent(file, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(text, '\n'), 0o644)
}

// curves prints the mean regret of the first k: of a portfolio found without the set, and of
// candidates drawn at random, in the mean of 200 orders.
func curves(task dataset.Task, folds, matrix [][]float64) {
	const orders = 200
	sizes := []int{1, 2, 3, 4, 6, 8, 10}
	left, random := make([]float64, len(sizes)), make([]float64, len(sizes))
	r := rand.New(rand.NewPCG(portfolioSeed, 0))
	for i, own := range matrix {
		others := slices.Delete(slices.Clone(folds), i*portfolioFolds, (i+1)*portfolioFolds)
		order := greedy(others, portfolioSize)
		for s, k := range sizes {
			left[s] += leastOf(own, order[:k]) / float64(len(matrix))
		}
		for range orders {
			order := r.Perm(len(own))
			for s, k := range sizes {
				random[s] += leastOf(own, order[:k]) / float64(orders*len(matrix))
			}
		}
	}
	for s, k := range sizes {
		fmt.Printf("portfolio/%s k=%d regret=%.3f random=%.3f\n", task, k, left[s], random[s])
	}
}

func leastOf(regrets []float64, chosen []int) float64 {
	least := 1.0
	for _, j := range chosen {
		least = min(least, regrets[j])
	}
	return least
}
