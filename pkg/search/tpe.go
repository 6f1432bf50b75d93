package search

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// Of the tree-structured Parzen estimator: how many trials it starts with, up to half of them
// from First and the others drawn; of how many points it proposes the most promising one; and which
// share of the trials counts as good, as in BOHB (Falkner et al. 2018).
const (
	startup    = 10
	candidates = 24
	goodShare  = 0.15
)

// tpe proposes points by the tree-structured Parzen estimator (Bergstra et al. 2011): a density
// of the good trials and one of the others, and next the point, drawn from the first, at which
// their ratio is highest. The densities are joint, as in BOHB, so that what is good together is
// tried together; which space a point is of is the root of the tree.
//
// The points of one batch do not know each other's outcomes. Each counts as one of the others
// for those proposed after it (a constant liar of the worst value, Ginsbourger et al. 2010), so
// that they keep away from each other.
func (s Search) tpe(past []Outcome) []Trial {
	if len(past) == 0 {
		return s.draw(slices.Concat(s.Start, s.First[:min(startup/2, len(s.First))]), min(startup, s.Trials))
	}
	sorted := best(past)
	points := make([]Point, len(sorted))
	number, succeeded := 0, 0
	for i, o := range sorted {
		points[i], number = o.Point, max(number, o.Number)
		if !math.IsNaN(o.Loss) {
			succeeded++
		}
	}
	d := newDrawer(s.Spaces, seed.Derive(s.Seed, "tpe", number)) // other draws in each round
	for _, p := range points {
		d.fresh(p)
	}
	good := min(int(math.Ceil(float64(goodShare*float64(len(points))))), succeeded)
	var trials []Trial
	for len(trials) < s.Batch && number < s.Trials {
		r := seed.Rand(seed.Derive(s.Seed, "tpe", number))
		p, ok := s.propose(newEstimator(s.Spaces, points[:good]), newEstimator(s.Spaces, points[good:]), d, r)
		if !ok {
			if p, ok = d.next(); !ok {
				break
			}
		}
		number++
		points = append(points, p)
		trials = append(trials, Trial{Point: p, Number: number})
	}
	return trials
}

// propose returns the most promising of the new points drawn from the good ones' density.
func (s Search) propose(good, others *estimator, d *drawer, r *rand.Rand) (most Point, ok bool) {
	highest := math.Inf(-1)
	for range candidates {
		p := good.draw(r)
		if d.seen[p.key()] {
			continue
		}
		if ratio := good.logDensity(p) - others.logDensity(p); ratio > highest {
			most, highest, ok = p, ratio, true
		}
	}
	if ok {
		d.fresh(most)
	}
	return most, ok
}

// estimator is a density over all spaces: how often a point is of each, and a mixture for each.
type estimator struct {
	shares   []float64 // of the spaces
	mixtures []mixture
}

// newEstimator estimates the density of points. Each space counts one point more than it has, so
// that none is given up for having been unlucky at first.
func newEstimator(spaces []Space, points []Point) *estimator {
	e := &estimator{shares: make([]float64, len(spaces)), mixtures: make([]mixture, len(spaces))}
	of := make([][]Params, len(spaces))
	for _, p := range points {
		of[p.Space] = append(of[p.Space], p.Params)
	}
	for i, space := range spaces {
		e.shares[i] = float64(len(of[i])+1) / float64(len(points)+len(spaces))
		e.mixtures[i] = newMixture(space, of[i])
	}
	return e
}

func (e *estimator) draw(r *rand.Rand) Point {
	u, i := r.Float64(), 0
	for ; i < len(e.shares)-1 && u >= e.shares[i]; i++ {
		u -= e.shares[i]
	}
	return Point{i, e.mixtures[i].draw(r)}
}

func (e *estimator) logDensity(p Point) float64 {
	return num.Log(e.shares[p.Space]) + e.mixtures[p.Space].logDensity(p.Params)
}
