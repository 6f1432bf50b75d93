// Package search chooses which hyperparameters to try. A Space says what each parameter may be.
// A Search lists trials in rounds, and a round depends on the spaces, the seed, and the outcomes
// of the rounds before it: never on which trial finished first, nor on how many workers there
// are. So trial number i of a longer search is that of a shorter one, except in halving, where
// how many go on depends on how many started.
package search

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strconv"
)

// Params are concrete hyperparameters: names to numbers, texts or booleans.
type Params = map[string]any

// Space says what each hyperparameter may be.
type Space map[string]Dimension

// Dimension is the set of values of one hyperparameter: either Choices or a range.
type Dimension struct {
	// Choices are the values to choose from; a single one is a fixed parameter.
	Choices []any
	// Low and High bound a range, both included.
	Low, High float64
	Scale     Scale
}

// Scale says how values spread over a range.
type Scale string

// The scales of ranges, named as in a run config: {"log": [0.02, 0.3]}.
const (
	Uniform Scale = "uniform" // every value alike
	Log     Scale = "log"     // every factor alike; both bounds above 0
	Integer Scale = "int"     // every whole number alike
)

// ParseSpace reads a space as it stands in a run config: a value is fixed, a list is a
// choice, and {log: [low, high]}, {uniform: […]} or {int: […]} is a range. The error names
// the parameter.
func ParseSpace(params map[string]any) (Space, error) {
	space := make(Space, len(params))
	for _, name := range slices.Sorted(maps.Keys(params)) {
		d, err := parseDimension(params[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		space[name] = d
	}
	return space, nil
}

func parseDimension(v any) (Dimension, error) {
	switch v := v.(type) {
	case []any:
		if len(v) == 0 {
			return Dimension{}, fmt.Errorf("an empty list leaves nothing to choose")
		}
		choices := make([]any, len(v))
		for i, choice := range v {
			if !scalar(choice) {
				return Dimension{}, fmt.Errorf("a choice must be a number, text or boolean, got %v", choice)
			}
			choices[i] = plain(choice)
		}
		return Dimension{Choices: choices}, nil
	case map[string]any:
		return parseRange(v)
	default:
		if !scalar(v) {
			return Dimension{}, fmt.Errorf("want a value, a list of values, or a range like {log: [0.01, 1]}, got %v", v)
		}
		return Dimension{Choices: []any{plain(v)}}, nil
	}
}

func parseRange(v map[string]any) (Dimension, error) {
	for _, scale := range []Scale{Uniform, Log, Integer} {
		bounds, ok := v[string(scale)].([]any)
		if !ok || len(v) != 1 {
			continue
		}
		if len(bounds) != 2 {
			return Dimension{}, fmt.Errorf("%s wants two bounds, [low, high]", scale)
		}
		low, okLow := number(bounds[0])
		high, okHigh := number(bounds[1])
		switch {
		case !okLow || !okHigh || !(low < high):
			return Dimension{}, fmt.Errorf("%s wants two numbers, the lower first, got %v", scale, bounds)
		case tooFar(low) || tooFar(high):
			return Dimension{}, fmt.Errorf("%s wants bounds that are 0 or between 1e-150 and 1e150 in size, got %v", scale, bounds)
		case scale == Log && low <= 0:
			return Dimension{}, fmt.Errorf("log wants bounds above 0, got %v", bounds)
		case scale == Integer && (low != math.Trunc(low) || high != math.Trunc(high)):
			return Dimension{}, fmt.Errorf("int wants whole numbers, got %v", bounds)
		case scale == Integer && max(-low, high) > maxInteger:
			return Dimension{}, fmt.Errorf("int wants bounds within ±%d, got %v", maxInteger, bounds)
		}
		return Dimension{Low: low, High: high, Scale: scale}, nil
	}
	return Dimension{}, fmt.Errorf("want a range like {log: [0.01, 1]}, {uniform: [0, 1]} or {int: [1, 9]}, got %v", v)
}

// maxInteger bounds the ranges of whole numbers: their size fits an int everywhere.
const maxInteger = 1 << 30

// tooFar reports a bound whose range has a width or ratio that no float64 holds.
func tooFar(v float64) bool {
	size := math.Abs(v)
	return size != 0 && !(size >= 1e-150 && size <= 1e150)
}

// Fixed reports whether the space holds a single combination.
func (s Space) Fixed() bool {
	for _, d := range s {
		if len(d.Choices) != 1 {
			return false
		}
	}
	return true
}

// Grid lists every combination, the last name (in sorted order) changing fastest. A range
// has no grid: that is an error which names the parameter.
func (s Space) Grid() ([]Params, error) {
	names := s.names()
	grid := []Params{{}}
	for _, name := range names {
		d := s[name]
		if d.Choices == nil {
			return nil, fmt.Errorf("%s: a grid needs a list of values; use strategy random for a range", name)
		}
		if len(grid)*len(d.Choices) > maxGrid {
			return nil, fmt.Errorf("%s: the grid exceeds %d combinations", name, maxGrid)
		}
		var next []Params
		for _, params := range grid {
			for _, choice := range d.Choices {
				with := maps.Clone(params)
				with[name] = choice
				next = append(next, with)
			}
		}
		grid = next
	}
	return grid, nil
}

// maxGrid bounds a grid, of one space and of all together: what one Distributed Map takes.
const maxGrid = 10_000

// Draw returns one combination at random.
func (s Space) Draw(r *rand.Rand) Params {
	params := make(Params, len(s))
	for _, name := range s.names() { // in order, so that each draw meets its own number
		params[name] = s[name].draw(r)
	}
	return params
}

func (d Dimension) draw(r *rand.Rand) any {
	switch {
	case d.Choices != nil:
		return d.Choices[r.IntN(len(d.Choices))]
	case d.Scale == Log:
		// Three significant digits: what differs less does not train differently, and
		// people can read, type and compare it.
		return digits(math.Exp(math.Log(d.Low)+float64(r.Float64()*math.Log(d.High/d.Low))), d.Low, d.High)
	case d.Scale == Integer:
		return d.Low + float64(r.IntN(int(d.High-d.Low)+1))
	default:
		return digits(d.Low+float64(r.Float64()*(d.High-d.Low)), d.Low, d.High)
	}
}

// Adapt returns params as near to some as the space has them: what the space does not name
// stays, and what it names but they do not have is in the middle of it.
func (s Space) Adapt(params Params) Params {
	adapted := make(Params, len(params)+len(s))
	maps.Copy(adapted, params)
	for name, d := range s {
		adapted[name] = d.nearest(params[name])
	}
	return adapted
}

// nearest is the value of a dimension that is nearest to one, and without one its middle.
func (d Dimension) nearest(value any) any {
	v, isNumber := number(value)
	if d.Choices == nil {
		if !isNumber {
			return d.at(0.5)
		}
		v = min(max(v, d.Low), d.High)
		if d.Scale == Integer {
			v = math.RoundToEven(v)
		}
		return v
	}
	nearest, distance := d.Choices[len(d.Choices)/2], math.Inf(1)
	for _, choice := range d.Choices {
		if choice == plain(value) {
			return choice
		}
		if c, ok := number(choice); ok && isNumber && math.Abs(c-v) < distance {
			nearest, distance = choice, math.Abs(c-v)
		}
	}
	return nearest
}

func (s Space) names() []string {
	names := make([]string, 0, len(s))
	for name := range s {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// digits rounds to three significant digits, without leaving the range. It goes through
// text, since a multiple of a power of ten is a rounding error off.
func digits(v, low, high float64) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	if err != nil {
		return v // which parseRange rules out: bounds that no float64 holds
	}
	return min(max(rounded, low), high)
}

func scalar(v any) bool {
	switch v.(type) {
	case string, bool:
		return true
	}
	_, ok := number(v)
	return ok
}

// plain makes a number a float64, as it comes back from JSON, and leaves other values.
func plain(v any) any {
	if n, ok := number(v); ok {
		return n
	}
	return v
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case uint64:
		return float64(v), true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}
