package search

import (
	"fmt"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// grid lists every combination of every space.
func (s Search) grid() ([]Trial, error) {
	var points []Point
	for i, space := range s.Spaces {
		grid, err := space.Grid()
		if err != nil {
			return nil, fmt.Errorf("configuration %d: %w", i+1, err)
		}
		if len(points)+len(grid) > maxGrid {
			return nil, fmt.Errorf("configuration %d: the grids exceed %d combinations together", i+1, maxGrid)
		}
		for _, params := range grid {
			points = append(points, Point{i, params})
		}
	}
	if s.Trials > 0 && len(points) > s.Trials {
		return nil, fmt.Errorf("the grid has %d combinations, more than the %d trials allowed", len(points), s.Trials)
	}
	return numbered(points), nil
}

// draw lists the points given and then draws, the spaces taking turns, until there are n. A
// space without anything to vary is tried once, and a combination never twice, so fewer than
// n come back when the spaces hold no more, or so few more that 50 draws in a row miss them.
func (s Search) draw(first []Point, n int) []Trial {
	d := newDrawer(s.Spaces, s.Seed)
	var points []Point
	for _, p := range first {
		if len(points) < n && d.fresh(p) {
			points = append(points, p)
		}
	}
	for len(points) < n {
		p, ok := d.next()
		if !ok {
			break
		}
		points = append(points, p)
	}
	return numbered(points)
}

// redraws is how often a repeated combination is drawn again before its space counts as
// exhausted.
const redraws = 50

// drawer draws points that are new, the spaces taking turns. Each draw has a stream of its
// own, so a longer search starts like a shorter one.
type drawer struct {
	spaces    []Space
	seed      uint64
	seen      map[string]bool
	draws     []int
	exhausted []bool
	turn      int
}

func newDrawer(spaces []Space, s uint64) *drawer {
	return &drawer{spaces: spaces, seed: s, seen: map[string]bool{}, draws: make([]int, len(spaces)), exhausted: make([]bool, len(spaces))}
}

// fresh tells whether a point is new, and remembers it.
func (d *drawer) fresh(p Point) bool {
	key := p.key()
	if d.seen[key] {
		return false
	}
	d.seen[key] = true
	return true
}

// next draws a point; there is none when every space is exhausted.
func (d *drawer) next() (Point, bool) {
	for range d.spaces {
		i := d.turn
		d.turn = (d.turn + 1) % len(d.spaces)
		if d.exhausted[i] {
			continue
		}
		p, ok := d.from(i)
		d.exhausted[i] = !ok || d.spaces[i].Fixed()
		if ok {
			return p, true
		}
	}
	return Point{}, false
}

// from draws from a space until it meets a combination that was not seen before.
func (d *drawer) from(i int) (Point, bool) {
	for range redraws {
		p := Point{i, d.spaces[i].Draw(seed.Rand(seed.Derive(d.seed, "search", i, d.draws[i])))}
		d.draws[i]++
		if d.fresh(p) {
			return p, true
		}
	}
	return Point{}, false
}
