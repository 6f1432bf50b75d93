package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/profile"
)

// lopsided is whether the greatest bin hides the others.
func lopsided(counts []int) bool {
	var filled []int
	for _, n := range counts {
		if n > 0 {
			filled = append(filled, n)
		}
	}
	slices.Sort(filled)
	return len(filled) > 2 && filled[len(filled)-1] > 10*filled[len(filled)/2]
}

// bars draws a histogram; a bin that is not empty is seen however few it holds.
func bars(c *profile.Column, h profile.Histogram, scale func(int) float64) []rect {
	const width, height = 400.0, 110.0
	most := 1.0
	for _, n := range h.Counts {
		most = max(most, scale(n))
	}
	step := width / float64(max(len(h.Counts), 1))
	list := make([]rect, 0, len(h.Counts))
	for i, n := range h.Counts {
		if n == 0 {
			continue
		}
		tall := max(height*scale(n)/most, 1.5)
		r := rect{X: fixed2(float64(i) * step), Y: fixed2(height - tall), W: fixed2(max(step-1, 1)), H: fixed2(tall), Label: count(n)}
		if i+1 < len(h.Edges) {
			r.Label = fmt.Sprintf("%s to %s: %s", amount(c, h.Edges[i]), amount(c, h.Edges[i+1]), count(n))
		}
		list = append(list, r)
	}
	return list
}

// sharesOf is the counts of the most frequent values, most frequent first, and at the end of
// all others together; nil if no value is frequent.
func sharesOf(c *profile.Column) []int {
	if len(c.Top) == 0 || c.Distinct == c.Count && c.Count > 1 || 100*c.Top[0].Count < c.Count {
		return nil
	}
	var counts []int
	others := c.Count
	for _, t := range c.Top {
		counts = append(counts, t.Count)
		others -= t.Count
	}
	if c.Distinct > len(c.Top) && others > 0 {
		counts = append(counts, 0, others)
	}
	for len(counts) < 6 { // a bar of one value is no wider than those of six
		counts = append(counts, 0)
	}
	return counts
}

// spark is a histogram as a path.
func spark(counts []int) string {
	most := 1
	for _, n := range counts {
		most = max(most, n)
	}
	step := 100 / float64(max(len(counts), 1))
	var b strings.Builder
	for i, n := range counts {
		if n > 0 {
			tall := max(24*float64(n)/float64(most), 1)
			fmt.Fprintf(&b, "M%s 24v-%sh%sv%sz", fixed2(float64(i)*step), fixed2(tall), fixed2(step*0.9), fixed2(tall))
		}
	}
	return b.String()
}

// fixed2 is a coordinate.
func fixed2(v float64) string { return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) }
