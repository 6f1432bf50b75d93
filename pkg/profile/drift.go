package profile

import (
	"fmt"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// FalseAlarms is the probability, at most, that Compare finds drift anywhere when both data
// sets were drawn from the same distribution.
const FalseAlarms = 0.01

// minCompared is how many values a column must have on either side for their distributions to
// be compared: of fewer, even those that have nothing in common could be chance.
const minCompared = 20

// Drift is how a data set differs from an earlier one, told from their profiles alone.
//
// A difference counts if it is both significant, so that 50 rows do not drift by chance, and
// great enough to matter, so that a million rows do not drift by a hair. All that is measured
// on all columns is tested together at FalseAlarms by Holm's method (Scandinavian Journal of
// Statistics 6, 1979): it holds for measures that depend on each other, as those of a column
// do, and it bounds the chance of any false alarm, which is what wakes somebody up. Benjamini
// and Hochberg's would bound their share among the alarms, and only for measures that do not
// go against each other. Level is the one level that Holm's method comes down to.
type Drift struct {
	// BaselineRows and CurrentRows are the rows that were compared.
	BaselineRows int `json:"baseline_rows"`
	CurrentRows  int `json:"current_rows"`
	// Verdict is the worst of the columns', or Severe for no rows after some; Reason says why.
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason"`
	// Tests is how many measures were tested, Level the probability below which one of them is
	// significant.
	Tests int     `json:"tests"`
	Level float64 `json:"level"`
	// Columns are those of the baseline in its order, then those added.
	Columns []ColumnDrift `json:"columns"`
}

// Verdict says how much of a difference there is.
type Verdict string

// The verdicts, from the least to the worst.
const (
	Unjudged Verdict = "unjudged" // nothing could be compared
	Stable   Verdict = "stable"
	Moderate Verdict = "moderate"
	Severe   Verdict = "severe"
)

// rank orders verdicts from the least to the worst.
func (v Verdict) rank() int {
	switch v {
	case Stable:
		return 1
	case Moderate:
		return 2
	case Severe:
		return 3
	}
	return 0
}

// worse is the worse of two verdicts.
func worse(a, b Verdict) Verdict {
	if b.rank() > a.rank() {
		return b
	}
	return a
}

// ColumnDrift is how one column differs.
type ColumnDrift struct {
	Name string `json:"name"`
	// Baseline and Current are the types; absent on the side that has no such column.
	Baseline dataset.Type `json:"baseline_type,omitempty"`
	Current  dataset.Type `json:"current_type,omitempty"`
	// Verdict is the worst of the measures', or Severe for a column that was removed or whose
	// type changed, and Moderate for one that was added. Reason says why in words.
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason"`
	// Approximate says that the distributions were interpolated between quantiles, bins and
	// most frequent values, because one of the profiles has no sketches.
	Approximate bool `json:"approximate,omitempty"`
	// MissingBaseline and MissingCurrent are the shares of rows without a value; absent if
	// there are no rows.
	MissingBaseline *float64 `json:"missing_baseline,omitempty"`
	MissingCurrent  *float64 `json:"missing_current,omitempty"`
	// Measures are those that the type and the values allow, in the order of their kinds.
	Measures []Measure `json:"measures,omitempty"`
	// New are the most frequent values of a category that the baseline does not have, with
	// their share of the current values, at most MaxTop; Vanished the other way round.
	New      []Share `json:"new,omitempty"`
	Vanished []Share `json:"vanished,omitempty"`

	words      words
	timeWentOn bool
}

// Measure returns the measure of that kind, or nil.
func (c *ColumnDrift) Measure(kind MeasureKind) *Measure {
	for i := range c.Measures {
		if c.Measures[i].Kind == kind {
			return &c.Measures[i]
		}
	}
	return nil
}

// Share is a value and its share of the values present.
type Share struct {
	Value string  `json:"value"`
	Share float64 `json:"share"`
}

// Measure is one number for how much a column differs, 0 for not at all.
type Measure struct {
	Kind  MeasureKind `json:"kind"`
	Value float64     `json:"value"`
	// Moderate and Severe are the values from which on it is that: the effect that matters, or
	// what chance alone reaches at Drift.Level, whichever is greater.
	Moderate float64 `json:"moderate"`
	Severe   float64 `json:"severe"`
	// P is the probability of such a value, or a greater one, if nothing drifted.
	P       float64 `json:"p"`
	Verdict Verdict `json:"verdict"`
	// Statistic and Freedom are χ² and its degrees of freedom for ChiSquared, and Statistic
	// the distance in the column's own unit (microseconds for moments) for Wasserstein.
	Statistic *float64 `json:"statistic,omitempty"`
	Freedom   int      `json:"degrees_of_freedom,omitempty"`

	significant, great bool // what the verdict is made of
}

// MeasureKind names a measure.
type MeasureKind string

// The measures. What is moderate and severe is the same for all of them: a difference as
// great as between normal distributions whose means are √0.1 and 0.5 standard deviations
// apart. For PSI these are the customary 0.1 and 0.25.
const (
	// PSI is the population stability index Σ(q−p)·ln(q/p) of the shares p and q of baseline
	// and current in bins: those between the deciles of the baseline (fewer for few values), a
	// value that is more frequent than a bin a bin of its own; or categories, rare ones as one.
	// Half a value is added to each bin, so that none is empty.
	PSI MeasureKind = "psi"
	// JensenShannon is the distance of the same shares, without the half: the square root of
	// the divergence in bits, from 0 to 1 (nothing in common).
	JensenShannon MeasureKind = "jensen_shannon"
	// KolmogorovSmirnov is the greatest difference of the distribution functions of numbers or
	// moments, infinities among them, from 0 to 1.
	KolmogorovSmirnov MeasureKind = "kolmogorov_smirnov"
	// Wasserstein is the area between the distribution functions of the finite numbers or the
	// moments, in standard deviations of the baseline: how far values moved on average.
	Wasserstein MeasureKind = "wasserstein"
	// ChiSquared is Cramér's V of categories, rare ones as one, from 0 to 1. It and χ² are those
	// of as many rows on either side, twice the rows of both multiplied over their sum (both, if
	// there are as many): V says how different they are and not how many there are, and the few
	// rows of a small side are not expected by the shares of a large one alone.
	ChiSquared MeasureKind = "chi_squared"
	// MissingShare is by how much the share of missing values changed, from 0 to 1.
	MissingShare MeasureKind = "missing"
	// NewValues is the share of the current values that the baseline does not have, from 0 to 1.
	// It is tested against the share expected to be new, that of the values that the baseline
	// has once (Good, Biometrika 40, 1953).
	NewValues MeasureKind = "new_values"
	// VanishedValues is NewValues the other way round.
	VanishedValues MeasureKind = "vanished_values"
)

// Compare finds the drift from baseline to current. It uses the sketches of a column if both
// profiles have them, and else what is left in them.
func Compare(baseline, current *Profile) *Drift {
	d := &Drift{BaselineRows: baseline.Rows, CurrentRows: current.Rows, Columns: []ColumnDrift{}}
	after := map[string]*Column{}
	for i := range current.Columns {
		after[current.Columns[i].Name] = &current.Columns[i]
	}
	var tests []test
	for i := range baseline.Columns {
		a := &baseline.Columns[i]
		b := after[a.Name]
		delete(after, a.Name)
		if b == nil {
			d.Columns = append(d.Columns, ColumnDrift{Name: a.Name, Baseline: a.Type, Verdict: Severe, Reason: "the column is gone"})
			continue
		}
		c, its := driftOf(a, b)
		for j := range its {
			its[j].column = len(d.Columns)
		}
		tests = append(tests, its...)
		d.Columns = append(d.Columns, c)
	}
	for i := range current.Columns {
		if b := &current.Columns[i]; after[b.Name] != nil {
			d.Columns = append(d.Columns, ColumnDrift{Name: b.Name, Current: b.Type, Verdict: Moderate, Reason: "the column is new"})
		}
	}
	d.Tests = len(tests)
	d.Level = holm(tests, FalseAlarms)
	for _, t := range tests {
		c := &d.Columns[t.column]
		c.Measures = append(c.Measures, t.judge(d.Level))
	}
	for i := range d.Columns {
		d.Columns[i].conclude()
	}
	d.conclude()
	return d
}

// conclude makes the verdict on the data set.
func (d *Drift) conclude() {
	counts := map[Verdict]int{}
	d.Verdict = Unjudged
	for i := range d.Columns {
		d.Verdict = worse(d.Verdict, d.Columns[i].Verdict)
		counts[d.Columns[i].Verdict]++
	}
	drifted := counts[Moderate] + counts[Severe]
	switch {
	case d.CurrentRows == 0 && d.BaselineRows > 0:
		d.Verdict, d.Reason = Severe, fmt.Sprintf("there are no rows; the baseline has %d", d.BaselineRows)
	case drifted > 0:
		d.Reason = fmt.Sprintf("%d of %d columns drifted, %d of them severely", drifted, len(d.Columns), counts[Severe])
	case d.Verdict == Unjudged:
		d.Reason = "there is nothing to compare"
	case counts[Unjudged] > 0:
		d.Reason = fmt.Sprintf("no column drifted; %d of %d could not be judged", counts[Unjudged], len(d.Columns))
	default:
		d.Reason = "no column drifted"
	}
}
