package main

import (
	"encoding/json"
	"fmt"
	"math"
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
	Candidates map[search.Size]map[dataset.Task]int                `json:"candidates"`
	Portfolios map[search.Size]map[dataset.Task][]search.Candidate `json:"portfolios"`
}

// choose writes the portfolio of each size and task, and prints how good portfolios are on sets
// that they were not found on: each set is left out once.
func choose(sets []portfolioSet, known map[string]measured, out string) error {
	file := portfolioFile{
		From: fmt.Sprintf("internal/bench -room portfolio: one of each learner first, then greedy by mean regret over each of %d folds of the sets of all tasks, in the tasks' default metrics", portfolioFolds),
		Sets: sets, Candidates: map[search.Size]map[dataset.Task]int{}, Portfolios: map[search.Size]map[dataset.Task][]search.Candidate{},
	}
	for _, size := range []search.Size{search.Few, search.Many} {
		file.Candidates[size], file.Portfolios[size] = map[dataset.Task]int{}, map[dataset.Task][]search.Candidate{}
		for _, task := range tasks {
			all, order, err := chooseFor(sets, known, size, task)
			if err != nil {
				return err
			}
			file.Candidates[size][task] = len(all)
			for _, j := range order {
				file.Portfolios[size][task] = append(file.Portfolios[size][task], all[j])
			}
		}
	}
	text, err := json.MarshalIndent(file, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(text, '\n'), 0o644)
}

// chooseFor orders the candidates for data of a size and a task.
func chooseFor(sets []portfolioSet, known map[string]measured, size search.Size, task dataset.Task) (all []search.Candidate, order []int, err error) {
	var own, others []portfolioSet
	for _, s := range sets {
		switch {
		case s.Size != size:
		case s.Task == task:
			own = append(own, s)
		default:
			others = append(others, s)
		}
	}
	all = whole(own, candidates(task, size), known)
	if len(all) < portfolioSize {
		return nil, nil, fmt.Errorf("only %d candidates for %s are measured on every set of %s: start again to go on", len(all), task, size)
	}
	matrix := byFold(slices.Concat(own, others), all, known)
	curves(size, task, all, matrix, regrets(own, all, known, func(scores []float64) float64 { mean, _ := meanAndError(scores); return mean }))
	return all, greedy(matrix, all, portfolioSize), nil
}

// curves prints the mean regret of the first k: of a portfolio found without the set, and of
// candidates drawn at random, in the mean of 200 orders.
func curves(size search.Size, task dataset.Task, all []search.Candidate, folds, matrix [][]float64) {
	const orders = 200
	sizes := []int{1, 2, 3, 4, 6, 8, 10}
	left, random := make([]float64, len(sizes)), make([]float64, len(sizes))
	r := rand.New(rand.NewPCG(portfolioSeed, 0))
	for i, own := range matrix {
		others := slices.Delete(slices.Clone(folds), i*portfolioFolds, (i+1)*portfolioFolds)
		order := greedy(others, all, portfolioSize)
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
		fmt.Printf("portfolio/%s/%s k=%d regret=%.3f random=%.3f\n", size, task, k, left[s], random[s])
	}
}

func leastOf(regrets []float64, chosen []int) float64 {
	least := 1.0
	for _, j := range chosen {
		least = min(least, regrets[j])
	}
	return least
}

// kindOf is the learner, of which random cuts make forests another.
func kindOf(c search.Candidate) string { return fmt.Sprint(c.Learner, c.Params["extra"] == true) }

// greedy orders candidates, first one of each kind and then any: next is always the one that most
// lowers the mean, over sets, of the least regret so far (a submodular gain, so that the first k
// are within 1-1/e of the best k). What a kind is worth on data that are like none of the sets the
// sets cannot tell; that it errs in its own way is known beforehand.
func greedy(matrix [][]float64, all []search.Candidate, size int) (order []int) {
	least := slices.Repeat([]float64{1}, len(matrix))
	missing := map[string]bool{}
	for _, c := range all {
		missing[kindOf(c)] = true
	}
	for len(order) < size {
		best, lowest := -1, math.Inf(1)
		for j, c := range all {
			if len(missing) > 0 && !missing[kindOf(c)] || slices.Contains(order, j) {
				continue
			}
			sum := 0.0
			for i := range matrix {
				sum += min(least[i], matrix[i][j])
			}
			if sum < lowest {
				best, lowest = j, sum
			}
		}
		if best < 0 {
			break
		}
		order = append(order, best)
		delete(missing, kindOf(all[best]))
		for i := range matrix {
			least[i] = min(least[i], matrix[i][best])
		}
	}
	return order
}
