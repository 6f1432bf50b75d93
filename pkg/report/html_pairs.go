package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/profile"
)

// pairsView is the heat map and the list beside it.
type pairsView struct {
	Note                      string
	Strongest                 []pairView
	Names                     []string
	Width, Height, Left, Cell int
	Cells                     string  // strengths, rows by ";", cells by ",": for the script
	Classes                   []cells // one path for each color
	Labels                    []label
	Numbers                   []label // strengths in the cells, if they are few
}

// pairView is a pair; Rows is "" if all rows that were compared have both values.
type pairView struct{ A, B, Strength, Measures, Rows string }

type cells struct{ Class, Path string }

type label struct{ X, Y, Text, Class string }

// The map is drawn by the lower triangle, names at the left and at the diagonal.
const heatSize = 600

func viewPairs(p *profile.Pairs) *pairsView {
	if p == nil || len(p.Columns) < 2 {
		return nil
	}
	v := &pairsView{Note: count(len(p.Columns)) + " columns compared on " + count(p.Rows) + " rows"}
	if p.Sampled {
		v.Note += ", a random sample"
	}
	if p.Skipped > 0 {
		v.Note += "; " + count(p.Skipped) + " columns were left out"
	}
	for _, pair := range p.Strongest[:min(len(p.Strongest), 25)] {
		view := pairView{A: shown(pair.A), B: shown(pair.B), Strength: hundredths(pair.Strength), Measures: measures(&pair)}
		if pair.Rows < p.Rows {
			view.Rows = count(pair.Rows)
		}
		v.Strongest = append(v.Strongest, view)
	}
	if len(p.Matrix) != len(p.Columns) {
		return v
	}
	v.heat(p)
	return v
}

// measures names what is known of a pair.
func measures(p *profile.Pair) string {
	var list []string
	for _, m := range []struct {
		name  string
		value *float64
	}{{"Pearson", p.Pearson}, {"Spearman", p.Spearman}, {"Cramér's V", p.CramersV}, {"η", p.CorrelationRatio}} {
		if m.value != nil {
			list = append(list, m.name+" "+hundredths(*m.value))
		}
	}
	return strings.Join(list, ", ")
}

func (v *pairsView) heat(p *profile.Pairs) {
	n := len(p.Columns)
	v.Cell = min(max((heatSize-150)/n, 5), 42)
	v.Left = min(max(heatSize-v.Cell*n, 100), 150)
	v.Width, v.Height = v.Left+v.Cell*n, v.Cell*n
	paths := map[string]*strings.Builder{}
	var lines []string
	every := max(1, int(math.Ceil(10/float64(v.Cell)))) // names that would overlap are left out; pointing shows them
	for i, row := range p.Matrix {
		v.Names = append(v.Names, shown(p.Columns[i]))
		if i%every == 0 {
			v.Labels = append(v.Labels, label{X: strconv.Itoa(v.Left - 6), Y: fixed2((float64(i)+0.5)*float64(v.Cell) + 3.5), Text: cut(shown(p.Columns[i]), v.Left/7)})
		}
		texts := make([]string, len(row))
		for j, s := range row {
			class := heatClass(s)
			if paths[class] == nil {
				paths[class] = &strings.Builder{}
			}
			fmt.Fprintf(paths[class], "M%d %dh%dv%dh-%dz", v.Left+j*v.Cell, i*v.Cell, v.Cell-1, v.Cell-1, v.Cell-1)
			texts[j] = hundredths(s)
			if n <= 16 {
				ink := ""
				if math.Abs(s) >= 0.7 {
					ink = "dark"
				}
				v.Numbers = append(v.Numbers, label{X: fixed2(float64(v.Left) + (float64(j)+0.5)*float64(v.Cell)), Y: fixed2((float64(i)+0.5)*float64(v.Cell) + 3.5), Text: texts[j], Class: ink})
			}
		}
		lines = append(lines, strings.Join(texts, ","))
	}
	v.Cells = strings.Join(lines, ";")
	for _, class := range []string{"z", "n1", "n2", "n3", "p1", "p2", "p3"} {
		if paths[class] != nil {
			v.Classes = append(v.Classes, cells{class, paths[class].String()})
		}
	}
}

// heatClass is the color of a strength: sign and one of three steps.
func heatClass(s float64) string {
	sign := "p"
	if s < 0 {
		sign = "n"
	}
	switch s = math.Abs(s); {
	case s < 0.1:
		return "z"
	case s < 0.4:
		return sign + "1"
	case s < 0.7:
		return sign + "2"
	}
	return sign + "3"
}

// missingView is the missingness matrix: patterns × columns.
type missingView struct {
	Names         []label
	Rows          []missingRow
	Width, Height int
	Right         int // where what a row is stands
	Track, Path   string
	More          int
}

type missingRow struct{ Y, Count, Share, Columns string }

func viewMissing(p *profile.Profile) *missingView {
	position := map[string]int{}
	for i := range p.Columns {
		position[p.Columns[i].Name] = i
	}
	var names []string
	for _, pattern := range p.Patterns {
		for _, name := range pattern.Columns {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
			if len(names) > 20*maxGaps {
				break // enough to say that there are more
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	v := &missingView{}
	if len(names) > maxGaps {
		v.More = len(names) - maxGaps
		names = names[:maxGaps]
	}
	slices.SortStableFunc(names, func(a, b string) int { return position[a] - position[b] })
	const left, top, cell = 170, 110, 16
	var track, path strings.Builder
	for i, pattern := range p.Patterns {
		y := top + i*cell
		row := missingRow{Y: strconv.Itoa(y + 12), Count: count(pattern.Count), Share: percent(pattern.Count, p.Rows), Columns: "complete rows"}
		if pattern.Error > 0 {
			row.Count += " to " + count(pattern.Count+pattern.Error)
		}
		if len(pattern.Columns) > 0 {
			row.Columns = count(len(pattern.Columns)) + " missing"
			if len(pattern.Columns) > 1 {
				row.Columns += " together"
			}
		}
		for j, name := range names {
			b := &track
			if slices.Contains(pattern.Columns, name) {
				b = &path
			}
			fmt.Fprintf(b, "M%d %dh%dv%dh-%dz", left+j*cell, y, cell-2, cell-2, cell-2)
		}
		v.Rows = append(v.Rows, row)
	}
	for j, name := range names {
		v.Names = append(v.Names, label{X: strconv.Itoa(left + j*cell + 11), Y: strconv.Itoa(top - 6), Text: cut(shown(name), 16)})
	}
	v.Width, v.Height = left+len(names)*cell+160, top+len(p.Patterns)*cell
	v.Right = left + len(names)*cell + 8
	v.Track, v.Path = track.String(), path.String()
	return v
}

// targetView is how the columns go with the target.
type targetView struct {
	Column, Rows string
	Relations    []relationView
	More         int
	Nothing      string // the columns that tell nothing of it
}

type relationView struct{ Name, Share, Width, Note string }

func viewTarget(t *profile.Target) *targetView {
	if t == nil {
		return nil
	}
	v := &targetView{Column: shown(t.Column), Rows: count(t.Rows)}
	var nothing []string
	for _, r := range t.Relations {
		if r.Information == 0 && (r.Missing == nil || *r.Missing < 0.01) {
			nothing = append(nothing, r.Column)
			continue
		}
		if len(v.Relations) == maxRelated {
			v.More++
			continue
		}
		view := relationView{Name: shown(r.Column), Share: told(r.Share), Width: fixed2(100 * min(max(r.Share, 0), 1)), Note: nats(r.Information)}
		if r.Missing != nil && *r.Missing >= 0.01 {
			view.Note += ", whether it is missing tells " + told(*r.Missing)
		}
		if r.Pair != nil {
			if m := measures(r.Pair); m != "" {
				view.Note += ", " + m
			}
		}
		v.Relations = append(v.Relations, view)
	}
	if len(nothing) > 0 {
		v.Nothing = some(nothing, 12)
	}
	return v
}

// hundredths is a measure with two digits behind the point, and 0 without a sign.
func hundredths(v float64) string {
	return strings.Replace(fmt.Sprintf("%.2f", v), "-0.00", "0.00", 1)
}

// told is a share of information with one digit behind the point.
func told(v float64) string {
	if v > 0 && v < 0.0005 {
		return "<0.1%"
	}
	return fmt.Sprintf("%.1f%%", 100*v)
}

// nats is an amount of information.
func nats(v float64) string {
	if v > 0 && v < 0.0005 {
		return "<0.001 nats"
	}
	return fmt.Sprintf("%.3f nats", v)
}
