package feature

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Moment encodes what comes again in a timestamp: a column per part, counted from 0, or with
// Cyclic its sine and cosine, so that December is next to January. The year is not among
// them: it says less than the timestamp itself, which has an encoding of its own. A missing
// timestamp is NaN, with Cyclic the middle of the circle: 0.
type Moment struct {
	Parts  []string `json:"parts"`
	Cyclic bool     `json:"cyclic,omitempty"`
}

// part is one that a timestamp has, in UTC.
type part struct {
	name   string
	period float64
	of     func(time.Time) int
}

// parts, the longest first.
var parts = []part{
	{"month", 12, func(t time.Time) int { return int(t.Month()) - 1 }},
	{"day", 31, func(t time.Time) int { return t.Day() - 1 }},
	{"weekday", 7, func(t time.Time) int { return (int(t.Weekday()) + 6) % 7 }}, // from Monday
	{"hour", 24, time.Time.Hour},
	{"minute", 60, time.Time.Minute},
}

// circle is the sine and the cosine of where a part of that number stands in its period.
func (p *part) circle(number int) (sine, cosine float64) {
	return math.Sincos(float64(2*math.Pi*float64(number)) / p.period)
}

func partNamed(name string) int {
	return slices.IndexFunc(parts, func(p part) bool { return p.name == name })
}

// fitMoment keeps the parts that vary; it is nil if there are none.
func fitMoment(c *dataset.Column, method Method) *Moment {
	first := make([]int, len(parts))
	varies := make([]bool, len(parts))
	seen := false
	for _, v := range c.Values {
		if math.IsNaN(v) {
			continue
		}
		t := moment(v)
		for i, p := range parts {
			if of := p.of(t); !seen {
				first[i] = of
			} else if of != first[i] {
				varies[i] = true
			}
		}
		seen = true
	}
	m := &Moment{Cyclic: method == Cyclic}
	for i, p := range parts {
		if varies[i] {
			m.Parts = append(m.Parts, p.name)
		}
	}
	if m.Parts == nil {
		return nil
	}
	return m
}

// moment is the time of a timestamp column's value, microseconds since 1970.
func moment(v float64) time.Time { return time.UnixMicro(int64(v)).UTC() }

func (m *Moment) names(column string) []string {
	var names []string
	for _, name := range m.Parts {
		if m.Cyclic {
			names = append(names, column+" "+name+" sine", column+" "+name+" cosine")
		} else {
			names = append(names, column+" "+name)
		}
	}
	return names
}

func (m *Moment) takes(t dataset.Type) bool { return t == dataset.Timestamp }

func (m *Moment) encode(dst [][]float64, c *dataset.Column) {
	for j, name := range m.Parts {
		p := parts[partNamed(name)]
		for i, v := range c.Values {
			switch {
			case math.IsNaN(v) && m.Cyclic: // 0
			case math.IsNaN(v):
				dst[j][i] = v
			case m.Cyclic:
				dst[2*j][i], dst[2*j+1][i] = p.circle(p.of(moment(v)))
			default:
				dst[j][i] = float64(p.of(moment(v)))
			}
		}
	}
}

// values are those that each number of each part has in its columns, part by part.
func (m *Moment) values() []float64 {
	var all []float64
	for _, name := range m.Parts {
		p := &parts[partNamed(name)]
		for number := range int(p.period) {
			if !m.Cyclic {
				all = append(all, float64(number))
				continue
			}
			sine, cosine := p.circle(number)
			all = append(all, sine, cosine)
		}
	}
	return all
}

func (m *Moment) check() error {
	for _, name := range m.Parts {
		if partNamed(name) < 0 {
			return fmt.Errorf("has a part of time that is unknown, %q", name)
		}
	}
	if len(m.Parts) == 0 {
		return errors.New("has no part of time")
	}
	return nil
}

// mostIntervals is how many timestamp columns get the time between each two: more of them
// would be more columns than they are worth.
const mostIntervals = 4

// intervals are the days from one timestamp column to a later one, for each two of a table that
// are not left out.
func intervals(t *dataset.Table, o Options) []source {
	var moments []*dataset.Column
	for i := range t.Columns {
		if t.Columns[i].Type == dataset.Timestamp && o.Columns[t.Columns[i].Name] != LeaveOut {
			moments = append(moments, &t.Columns[i])
		}
	}
	if len(moments) > mostIntervals {
		return nil
	}
	var all []source
	for j, later := range moments {
		for _, earlier := range moments[:j] {
			all = append(all, source{column: interval(later, earlier), since: earlier.Name})
		}
	}
	return all
}

// interval has the name of later and the days to it from earlier.
func interval(later, earlier *dataset.Column) *dataset.Column {
	between := make([]float64, len(later.Values))
	days(between, later.Values, earlier.Values)
	return &dataset.Column{Name: later.Name, Type: dataset.Numeric, Values: between}
}

// days writes those from earlier to later timestamps to dst.
func days(dst, later, earlier []float64) {
	const day = 24 * 60 * 60 * 1e6
	for i, v := range later {
		dst[i] = (v - earlier[i]) / day
	}
}
