package feature

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Categories encodes a categorical column by one 0/1 column per category. A missing value
// and a category not seen in training are 0 in all of them.
type Categories struct {
	Levels []string `json:"levels"`          // with a column of their own, sorted
	Other  []string `json:"other,omitempty"` // rare ones, sharing the last column, sorted
}

// Codes encodes a categorical column by the index of its category in Levels, which are the
// most frequent ones; the rest share the index behind them. A missing value and a category
// not seen in training are NaN. Levels are sorted by name: an index does not change because
// two categories change places in frequency.
type Codes struct {
	Levels []string `json:"levels"`
	Other  []string `json:"other,omitempty"`
}

// maxCodes is how many categories a learner that splits them takes at most: the bins of a
// column.
const maxCodes = 255

// rare is below how many of the training rows a category shares the last column: one of a
// thousand, and never more than ten.
func rare(rows int) int { return min(rows/1000, 10) }

// fewestOfMany is what takes the place of rare where there are more categories than columns
// for them: the rarer ones are in Means, and as columns of their own would be noise.
const fewestOfMany = 20

// fitCategories keeps the categories that occur, the most frequent ones by themselves; it is
// nil if there are many, and none is frequent enough for that.
func fitCategories(levels []string, v values, o Options) *Categories {
	least := rare(v.facts.Present)
	if v.facts.Distinct > o.MaxLevels && !v.asked {
		least = fewestOfMany
	}
	own, other := frequent(levels, v.counts, o.MaxLevels, least)
	if len(own) == 0 {
		return nil
	}
	return &Categories{own, other}
}

// fitCodes keeps the categories that occur: all, or as many as leave an index for the rest.
func fitCodes(levels []string, v values) *Codes {
	most := maxCodes
	if v.facts.Distinct > maxCodes {
		most--
	}
	own, other := frequent(levels, v.counts, most, 0)
	return &Codes{own, other}
}

// frequent parts the levels that occur into the most frequent ones, each with at least so
// many rows, and the others. One other by itself is not rarer for sharing, and is among the
// first. Both are sorted.
func frequent(levels []string, counts []int, most, least int) (own, other []string) {
	var seen []int
	for code, count := range counts {
		if count > 0 {
			seen = append(seen, code)
		}
	}
	sort.SliceStable(seen, func(i, j int) bool { return counts[seen[i]] > counts[seen[j]] })
	for i, code := range seen {
		if i < most && (counts[code] >= least || i == len(seen)-1 && other == nil) {
			own = append(own, levels[code])
		} else {
			other = append(other, levels[code])
		}
	}
	slices.Sort(own)
	slices.Sort(other)
	return own, other
}

// place is the index of a level in own, len(own) if it is in other, else -1.
func place(own, other []string, level string) int {
	if i, found := slices.BinarySearch(own, level); found {
		return i
	}
	if _, found := slices.BinarySearch(other, level); found {
		return len(own)
	}
	return -1
}

// places calls put for each row of a coded column with the place of its level, unless that
// is negative. A level is looked up once, or once per row if there are fewer rows: a single
// row must not pay for every level that its column could have.
func places(c *dataset.Column, of func(level string) int, put func(row, place int)) {
	if len(c.Codes) < len(c.Levels) {
		for i, code := range c.Codes {
			if code >= 0 {
				if p := of(c.Levels[code]); p >= 0 {
					put(i, p)
				}
			}
		}
		return
	}
	byCode := make([]int, len(c.Levels))
	for code, level := range c.Levels {
		byCode[code] = of(level)
	}
	for i, code := range c.Codes {
		if code >= 0 && byCode[code] >= 0 {
			put(i, byCode[code])
		}
	}
}

func (k *Categories) names(column string) []string {
	names := make([]string, 0, len(k.Levels)+1)
	for _, level := range k.Levels {
		names = append(names, column+"="+level)
	}
	if len(k.Other) > 0 {
		names = append(names, column+"=(other)")
	}
	return names
}

func (k *Categories) takes(t dataset.Type) bool { return t.Coded() }

func (k *Categories) encode(dst [][]float64, c *dataset.Column) {
	places(c, func(level string) int { return place(k.Levels, k.Other, level) }, func(row, place int) { dst[place][row] = 1 })
}

func (k *Categories) check() error { return checkLevels(k.Levels, k.Other) }

func (k *Codes) names(column string) []string { return []string{column} }

// categories is how many indices there are.
func (k *Codes) categories() int { return len(k.Levels) + min(1, len(k.Other)) }

func (k *Codes) takes(t dataset.Type) bool { return t.Coded() }

func (k *Codes) encode(dst [][]float64, c *dataset.Column) {
	for i := range dst[0] {
		dst[0][i] = math.NaN()
	}
	places(c, func(level string) int { return place(k.Levels, k.Other, level) }, func(row, place int) { dst[0][row] = float64(place) })
}

func (k *Codes) check() error {
	if n := k.categories(); n < 1 || n > maxCodes {
		return fmt.Errorf("has %d indices of categories, want 1 to %d", n, maxCodes)
	}
	return checkLevels(k.Levels, k.Other)
}

func checkLevels(lists ...[]string) error {
	for _, levels := range lists {
		for i := 1; i < len(levels); i++ {
			if levels[i-1] >= levels[i] {
				return errors.New("has categories that are not sorted and distinct")
			}
		}
	}
	return nil
}
