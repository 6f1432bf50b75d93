package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/foretell-ml/foretell/pkg/profile"
)

// pairsView is the heat map and the list beside it.
type pairsView struct {
	Note, Mapped              string // Mapped says what the map is of if it is not of all
	Wide                      bool   // the map takes the width of the page
	Strongest                 []pairView
	Names                     []string
	Width, Height, Left, Cell int
	Cells                     string  // strengths, rows by ";", cells by ",": for the script
	Classes                   []cells // one path for each color
	Labels                    []label
	Numbers                   []label // strengths in the cells, if they are few
}

// pairView is a pair; Rows is "" if all rows that were compared have both values.
type pairView struct {
	A, B                     linked
	Strength, Measures, Rows string
}

type cells struct{ Class, Path string }

type label struct{ X, Y, Text, Class string }

// The map is the lower triangle, with the names of the rows at the left and those of the
// columns on the diagonal: it is as wide as half the page, beside the list of pairs, or as
// the page if it has many columns.
const (
	heatSize   = 600
	heatWide   = 1120
	heatBeside = 30
	heatNames  = 130 // room for the names at the left
)

func viewPairs(p *profile.Pairs, at positioned) *pairsView {
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
		view := pairView{A: at.link(pair.A), B: at.link(pair.B), Strength: hundredths(pair.Strength), Measures: measures(&pair)}
		if pair.Rows < p.Rows {
			view.Rows = count(pair.Rows)
		}
		v.Strongest = append(v.Strongest, view)
	}
	names := p.Columns
	if p.Mapped != nil {
		names = p.Mapped
		v.Mapped = count(len(names)) + " columns that go with any other most"
	}
	if len(names) > 1 && len(p.Matrix) == len(names) {
		v.heat(names, p.Matrix)
	}
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

func (v *pairsView) heat(names []string, matrix [][]float64) {
	n := len(names)
	room := heatSize
	if v.Wide = n > heatBeside; v.Wide {
		room = heatWide
	}
	v.Left = heatNames
	v.Cell = min(max((room-v.Left-textWidth(middle(names[n-1], heatNames/8)))/n, 5), 42)
	v.Height = v.Cell * n
	paths := map[string]*strings.Builder{}
	var lines []string
	every := max(1, int(math.Ceil(10/float64(v.Cell)))) // names that would overlap are left out; pointing shows them
	at := func(i int) string { return fixed2(float64((float64(i)+0.5)*float64(v.Cell)) + 3.5) }
	for i, row := range matrix {
		v.Names = append(v.Names, shown(names[i]))
		if i%every == 0 {
			name := middle(names[i], heatNames/8)
			v.Labels = append(v.Labels, label{X: strconv.Itoa(v.Left - 6), Y: at(i), Text: name, Class: "end"},
				label{X: strconv.Itoa(v.Left + i*v.Cell + 4), Y: at(i), Text: name})
			v.Width = max(v.Width, v.Left+(i+1)*v.Cell, v.Left+i*v.Cell+textWidth(name))
		}
		texts := make([]string, len(row))
		for j, s := range row {
			class := heatClass(s)
			if paths[class] == nil {
				paths[class] = &strings.Builder{}
			}
			heatCell(paths[class], v.Left+j*v.Cell, i*v.Cell, v.Cell-1, class)
			texts[j] = hundredths(s)
			if n <= 16 {
				ink := ""
				if math.Abs(s) >= 0.7 {
					ink = "dark"
				}
				v.Numbers = append(v.Numbers, label{X: fixed2(float64(v.Left) + float64((float64(j)+0.5)*float64(v.Cell))), Y: at(i), Text: texts[j], Class: ink})
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

// textWidth is how many pixels a label of 11 is wide, at most, and a bit.
func textWidth(content string) int { return 10 + 7*text.StringWidthWithoutEscSequences(content) }

// heatCell draws a square, or a disk if the strength is negative: it is to be seen without
// colors too.
func heatCell(b *strings.Builder, x, y, size int, class string) {
	if class[0] != 'n' {
		fmt.Fprintf(b, "M%d %dh%dv%dh-%dz", x, y, size, size, size)
		return
	}
	r := fixed2(float64(size) / 2)
	fmt.Fprintf(b, "M%d %sa%s %s 0 1 0 %d 0a%s %s 0 1 0-%d 0z", x, fixed2(float64(y)+float64(float64(size)/2)), r, r, size, r, r, size)
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

// hundredths is a measure with two digits behind the point, and 0 without a sign.
func hundredths(v float64) string {
	return strings.Replace(fmt.Sprintf("%.2f", v), "-0.00", "0.00", 1)
}
