package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/profile"
)

// driftView is how the data differs from its baseline: the columns that drifted, the most
// severe first, and the names of the others.
type driftView struct {
	Verdict, Icon, Reason, Note string
	Columns                     []driftedView
	More                        int
	Stable, Unjudged            []linked
	StableMore, UnjudgedMore    string
}

// driftedView is a column that drifted. Its distributions are drawn one over the other if
// there are two.
type driftedView struct {
	Name                             linked
	Verdict, Icon, Reason            string
	Facts                            []fact
	Now, Before, Low, High, PlotName string      // paths in 400 × 110
	Shares                           []sharePair // of categories
}

// sharePair is a value's share before and now, as text and as the width of a bar, of 100.
type sharePair struct{ Name, Before, Now, BeforeWidth, NowWidth string }

// verdictStyle is the class and the sign of a verdict, those of an alert as severe.
func verdictStyle(v profile.Verdict) (class, icon string) {
	switch v {
	case profile.Severe:
		return "error", "✕"
	case profile.Moderate:
		return "warning", "▲"
	}
	return "info", "✓"
}

func viewDrift(p *profile.Profile, judged Judgments, at positioned) *driftView {
	d := judged.Drift
	if d == nil {
		return nil
	}
	class, icon := verdictStyle(d.Verdict)
	v := &driftView{Verdict: string(d.Verdict), Icon: icon, Reason: safe(d.Reason),
		Note: fmt.Sprintf("%s rows compared with %s of %s", count(d.CurrentRows), plural(d.BaselineRows, "row", "rows"), shown(judged.BaselineName))}
	if class == "info" && d.Verdict != profile.Stable {
		v.Icon = "?"
	}
	before, now := byName(judged.Baseline), byName(p)
	var stable, unjudged []string
	drifted := make([]*profile.ColumnDrift, 0, len(d.Columns))
	for i := range d.Columns {
		switch c := &d.Columns[i]; c.Verdict {
		case profile.Stable:
			stable = append(stable, c.Name)
		case profile.Unjudged:
			unjudged = append(unjudged, c.Name)
		default:
			drifted = append(drifted, c)
		}
	}
	slices.SortStableFunc(drifted, func(a, b *profile.ColumnDrift) int {
		return cmp.Compare(severity(b.Verdict), severity(a.Verdict))
	})
	for i, c := range drifted {
		if i == maxDrifted {
			v.More = len(drifted) - maxDrifted
			break
		}
		v.Columns = append(v.Columns, viewDrifted(c, before[c.Name], now[c.Name], at))
	}
	v.Stable, v.StableMore = at.some(stable, 40)
	v.Unjudged, v.UnjudgedMore = at.some(unjudged, 40)
	return v
}

func byName(p *profile.Profile) map[string]*profile.Column {
	columns := map[string]*profile.Column{}
	if p != nil {
		for i := range p.Columns {
			columns[p.Columns[i].Name] = &p.Columns[i]
		}
	}
	return columns
}

func viewDrifted(c *profile.ColumnDrift, before, now *profile.Column, at positioned) driftedView {
	v := driftedView{Name: at.link(c.Name), Reason: safe(c.Reason)}
	v.Verdict, v.Icon = verdictStyle(c.Verdict)
	approximate := ""
	if c.Approximate {
		approximate = "≈ "
	}
	for _, m := range c.Measures {
		note := ""
		if m.Verdict != profile.Stable && m.Verdict != profile.Unjudged {
			note = string(m.Verdict)
		}
		v.Facts = append(v.Facts, fact{measureName(m.Kind), approximate + strconv.FormatFloat(m.Value, 'f', 2, 64), note})
	}
	if before == nil || now == nil || len(before.Personal)+len(now.Personal) > 0 {
		return v
	}
	switch coded := now.Numeric == nil || now.Type.Coded(); {
	case !coded && before.Numeric != nil && before.Type == now.Type:
		v.overlay(before, now)
	case coded && before.Type.Coded():
		v.Shares = pairShares(before, now)
	}
	return v
}

// measureName is a measure's name for people.
func measureName(kind profile.MeasureKind) string {
	switch kind {
	case profile.PSI:
		return "PSI"
	case profile.JensenShannon:
		return "Jensen–Shannon"
	case profile.KolmogorovSmirnov:
		return "Kolmogorov–Smirnov"
	case profile.ChiSquared:
		return "Cramér's V (χ²)"
	}
	name := strings.ReplaceAll(string(kind), "_", " ")
	return strings.ToUpper(name[:1]) + name[1:]
}

// overlay draws both histograms on one axis by density, as their bins are not the same: what
// the data has as bars, what the baseline had as a line.
func (v *driftedView) overlay(before, now *profile.Column) {
	low, high := min(before.Numeric.Min, now.Numeric.Min), max(before.Numeric.Max, now.Numeric.Max)
	if !(high > low) || math.IsInf(high-low, 0) {
		return
	}
	a, b := densities(before.Numeric.Histogram, low, high), densities(now.Numeric.Histogram, low, high)
	most := 0.0
	for _, d := range append(slices.Clone(a), b...) {
		most = max(most, d.height)
	}
	if most == 0 {
		return
	}
	const width, height = 400.0, 110.0
	var line, area strings.Builder
	y := func(d density) string { return fixed2(height - height*d.height/most) }
	line.WriteString("M0 110")
	for _, d := range a {
		fmt.Fprintf(&line, "H%sV%sH%s", fixed2(width*d.from), y(d), fixed2(width*d.to))
	}
	line.WriteString("V110H400")
	for _, d := range b {
		if d.height > 0 {
			fmt.Fprintf(&area, "M%s 110V%sH%sV110z", fixed2(width*d.from), y(d), fixed2(width*d.to))
		}
	}
	axis := *now
	numeric := *now.Numeric
	axis.Numeric, numeric.Min, numeric.Max = &numeric, low, high // by which moments have a time of day
	v.Before, v.Now = line.String(), area.String()
	v.Low, v.High = amount(&axis, low), amount(&axis, high)
	v.PlotName = "histograms before and now, from " + v.Low + " to " + v.High
}

// density is a bin on an axis from 0 to 1 and its share of the values per length.
type density struct{ from, to, height float64 }

// densities lays a histogram on an axis from low to high. A bin too narrow to be seen, such
// as of one value, is drawn as wide as a fortieth of the axis.
func densities(h profile.Histogram, low, high float64) []density {
	total := 0
	for _, n := range h.Counts {
		total += n
	}
	if total == 0 || len(h.Edges) != len(h.Counts)+1 {
		return nil
	}
	const least = 1.0 / 40
	list := make([]density, len(h.Counts))
	for i, n := range h.Counts {
		d := density{from: (h.Edges[i] - low) / (high - low), to: (h.Edges[i+1] - low) / (high - low)}
		d.height = float64(n) / float64(total) / max(d.to-d.from, least)
		if len(h.Counts) == 1 && d.to-d.from < least {
			d.from = min(d.from, 1-least)
			d.to = d.from + least
		}
		list[i] = d
	}
	return list
}

// pairShares is how frequent the values are that are frequent on either side, those whose
// share changed most first.
func pairShares(before, now *profile.Column) []sharePair {
	type pair struct {
		name   string
		shares [2]float64
		known  [2]bool
	}
	var pairs []pair
	for side, c := range []*profile.Column{before, now} {
		if c.Count == 0 || len(c.Personal) > 0 || c.Distinct == c.Count && c.Count > 1 {
			return nil
		}
		for _, t := range c.Top {
			i := slices.IndexFunc(pairs, func(p pair) bool { return p.name == t.Value })
			if i < 0 {
				i = len(pairs)
				pairs = append(pairs, pair{name: t.Value})
			}
			pairs[i].shares[side], pairs[i].known[side] = float64(t.Count)/float64(c.Count), true
		}
	}
	for i := range pairs { // what is not listed is not there, if all values are listed
		pairs[i].known[0] = pairs[i].known[0] || before.Distinct <= len(before.Top)
		pairs[i].known[1] = pairs[i].known[1] || now.Distinct <= len(now.Top)
	}
	slices.SortStableFunc(pairs, func(a, b pair) int {
		return cmp.Compare(math.Abs(b.shares[1]-b.shares[0]), math.Abs(a.shares[1]-a.shares[0]))
	})
	var list []sharePair
	for _, p := range pairs[:min(len(pairs), 6)] {
		text := func(side int) (string, string) {
			if !p.known[side] {
				return "rare", "0"
			}
			return share(p.shares[side]), fixed2(100 * p.shares[side])
		}
		s := sharePair{Name: cut(quoted(profile.Value{Value: p.name}), maxText/2)}
		s.Before, s.BeforeWidth = text(0)
		s.Now, s.NowWidth = text(1)
		list = append(list, s)
	}
	return list
}
