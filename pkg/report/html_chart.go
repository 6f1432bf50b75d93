package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// chart is a plot with axes. What it draws is paths, each with a class of the style sheet; what
// differs differs in shape or dashes too, so that it reads without colors.
type chart struct {
	Title, Label  string // Label says what it shows to those who do not see it
	X, Y          string // names of the axes
	Note          string
	Width, Height float64
	Shapes        []shape
	Texts         []label
	Key           []shape // Path in 24 × 12, Class, and what it stands for
	low, high     [2]float64
	left          float64
}

// shape is a path; Name says what it is in a key.
type shape struct{ Class, Path, Name string }

// Room around the plot, for ticks and names.
const (
	chartWidth, chartHeight = 400.0, 270.0
	roomLeft, roomRight     = 54.0, 12.0
	roomTop, roomBottom     = 10.0, 42.0
	mostTicks               = 6
)

// newChart is a plot with axes from low to high, each of x and y; an empty range is widened.
func newChart(title, x, y string, low, high [2]float64) *chart {
	c := &chart{Title: title, X: x, Y: y, Width: chartWidth, Height: chartHeight, left: roomLeft}
	c.Label = title
	c.low, c.high = low, high
	for axis := range 2 {
		if !(c.high[axis] > c.low[axis]) {
			reach := float64(max(math.Abs(c.low[axis]), 1) * 0.5)
			c.low[axis], c.high[axis] = c.low[axis]-reach, c.low[axis]+reach
		}
	}
	c.grid()
	return c
}

// Middle, Bottom and Halfway are where the names of the axes stand.
func (c chart) Middle() string  { return fixed2((c.left + c.Width - roomRight) / 2) }
func (c chart) Bottom() string  { return fixed2(c.Height - 8) }
func (c chart) Halfway() string { return fixed2((c.Height - roomBottom + roomTop) / 2) }

// across and above are where values lie in the picture, values beyond the axes at their ends.
func (c *chart) across(x float64) float64 {
	return c.left + float64((c.Width-c.left-roomRight)*part(x, c.low[0], c.high[0]))
}

func (c *chart) above(y float64) float64 {
	return c.Height - roomBottom - float64((c.Height-roomBottom-roomTop)*part(y, c.low[1], c.high[1]))
}

// part is where v lies between low and high, from 0 to 1.
func part(v, low, high float64) float64 {
	return min(max((float64(v/2)-float64(low/2))/(float64(high/2)-float64(low/2)), 0), 1)
}

// grid draws lines at round numbers of both axes, and the numbers.
func (c *chart) grid() {
	c.gridAcross()
	var b strings.Builder
	for _, v := range ticks(c.low[1], c.high[1], mostTicks) {
		y := c.above(v)
		fmt.Fprintf(&b, "M%s %sH%s", fixed2(c.left), fixed2(y), fixed2(c.Width-roomRight))
		c.Texts = append(c.Texts, label{X: fixed2(c.left - 6), Y: fixed2(y + 4), Text: tick(v), Class: "end"})
	}
	c.plotted("line", b.String(), "")
}

func (c *chart) gridAcross() {
	var b strings.Builder
	for _, v := range ticks(c.low[0], c.high[0], mostTicks) {
		x := fixed2(c.across(v))
		fmt.Fprintf(&b, "M%s %sV%s", x, fixed2(roomTop), fixed2(c.Height-roomBottom))
		c.Texts = append(c.Texts, label{X: x, Y: fixed2(c.Height - roomBottom + 15), Text: tick(v), Class: "mid"})
	}
	c.plotted("line", b.String(), "")
}

// ticks are round numbers between low and high, at most so many steps apart.
func ticks(low, high float64, most int) []float64 {
	span := high - low
	if !(span > 0) || math.IsInf(span, 0) {
		return nil
	}
	step := math.Pow(10, math.Floor(math.Log10(span/float64(most))))
	for _, times := range []float64{1, 2, 5, 10, 20} {
		if span/float64(step*times) < float64(most) {
			step *= times
			break
		}
	}
	var list []float64
	slack := float64(span * 1e-9)
	for i := math.Ceil((low - slack) / step); float64(i*step) <= high+slack && len(list) <= most; i++ {
		v := float64(i * step)
		if math.Abs(v) < step*1e-6 {
			v = 0
		}
		list = append(list, v)
	}
	return list
}

// tick is a number at an axis: short, and with no rest of a sum of steps.
func tick(v float64) string {
	switch size := math.Abs(v); {
	case size >= 1e6 || size > 0 && size < 1e-3:
		return strings.Replace(strings.Replace(strconv.FormatFloat(round(v, 3), 'g', -1, 64), "e+0", "e", 1), "e-0", "e−", 1)
	case size >= 1e4:
		return number(round(v/1000, 4)) + "k"
	}
	return strings.Replace(number(round(v, 6)), "-", "−", 1)
}

// plotted adds a shape, with its place in the key if it has a name.
func (c *chart) plotted(class, path, name string) {
	if path == "" {
		return
	}
	c.Shapes = append(c.Shapes, shape{Class: class, Path: path, Name: name})
}

// curve draws a line through points; where a y is NaN it is interrupted.
func (c *chart) curve(class, name string, xs, ys []float64) {
	var b strings.Builder
	pen := "M"
	for i, x := range xs {
		if math.IsNaN(ys[i]) || math.IsNaN(x) {
			pen = "M"
			continue
		}
		fmt.Fprintf(&b, "%s%s %s", pen, fixed1(c.across(x)), fixed1(c.above(ys[i])))
		pen = "L"
	}
	c.plotted(class, b.String(), "")
	if name != "" {
		c.Key = append(c.Key, shape{Class: class, Path: "M0 6h24", Name: name})
	}
}

// straight draws a line from one point to another.
func (c *chart) straight(class, name string, x1, y1, x2, y2 float64) {
	c.curve(class, name, []float64{x1, x2}, []float64{y1, y2})
}

// dots draws a small disk at every point.
func (c *chart) dots(class string, xs, ys []float64) {
	var b strings.Builder
	for i, x := range xs {
		if !math.IsNaN(x) && !math.IsNaN(ys[i]) {
			fmt.Fprintf(&b, "M%s %sh.01", fixed1(c.across(x)), fixed1(c.above(ys[i])))
		}
	}
	c.plotted(class, b.String(), "")
}

// upright draws whiskers from low to high at every x.
func (c *chart) upright(class string, xs, low, high []float64) {
	var b strings.Builder
	for i, x := range xs {
		at := fixed1(c.across(x))
		fmt.Fprintf(&b, "M%s %sV%s", at, fixed1(c.above(low[i])), fixed1(c.above(high[i])))
	}
	c.plotted(class, b.String(), "")
}

// fixed1 is a coordinate of which there are many.
func fixed1(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// glyph is a mark of about size 2r around a point: one of nine that differ without color. The
// first are filled, the last are lines.
func glyph(kind int, x, y, r float64) string {
	f := fixed1
	long := float64(r * 1.2)
	switch kind % glyphKinds {
	case 0: // disk
		return fmt.Sprintf("M%s %sa%s %s 0 1 0 %s 0a%s %s 0 1 0-%s 0z", f(x-r), f(y), f(r), f(r), f(2*r), f(r), f(r), f(2*r))
	case 1: // square
		return fmt.Sprintf("M%s %sh%sv%sh-%sz", f(x-r), f(y-r), f(2*r), f(2*r), f(2*r))
	case 2: // triangle
		return fmt.Sprintf("M%s %sL%s %sL%s %sz", f(x), f(y-r), f(x+r), f(y+r), f(x-r), f(y+r))
	case 3: // diamond
		return fmt.Sprintf("M%s %sL%s %sL%s %sL%s %sz", f(x), f(y-long), f(x+long), f(y), f(x), f(y+long), f(x-long), f(y))
	case 4: // triangle, down
		return fmt.Sprintf("M%s %sL%s %sL%s %sz", f(x), f(y+r), f(x+r), f(y-r), f(x-r), f(y-r))
	case 5: // cross
		return fmt.Sprintf("M%s %sL%s %sM%s %sL%s %s", f(x-r), f(y-r), f(x+r), f(y+r), f(x-r), f(y+r), f(x+r), f(y-r))
	case 6: // plus
		return fmt.Sprintf("M%s %sH%sM%s %sV%s", f(x-r), f(y), f(x+r), f(x), f(y-r), f(y+r))
	case 7: // bar
		return fmt.Sprintf("M%s %sH%s", f(x-r), f(y), f(x+r))
	}
	return fmt.Sprintf("M%s %sL%s %sL%s %s", f(x-r), f(y-r), f(x+r), f(y), f(x-r), f(y+r)) // chevron
}

const glyphKinds = 9
