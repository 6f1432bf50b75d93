package training

import (
	"fmt"
	"maps"
	"slices"

	"github.com/foretell-ml/foretell/pkg/metric"
)

// SegmentsConfig names columns by whose values the new version is looked at, such as sex or region:
// how good it is for each, and how far that is apart. Columns that are dropped may be named too, as
// what nothing is learned from may still be treated unequally.
type SegmentsConfig struct {
	// Columns are 10 at most. Numbers are cut into quarters of the rows.
	Columns []string `json:"columns,omitempty"`
	// MaxGap bounds, by metric, how far apart the values of a column may be: a version beyond it is
	// not promoted, by any rule. Beside the metrics of the task two classes have selection_rate, the
	// share of rows that are predicted to be of the second class.
	MaxGap map[string]float64 `json:"max_gap,omitempty"`
}

// selectionRate is what segments of two classes have beside the metrics of the task. The
// difference of it is demographic parity, that of recall equal opportunity.
const selectionRate = "selection_rate"

const maxSegments = 10

func (s SegmentsConfig) faults(l *faultList) {
	if n := len(s.Columns); n > maxSegments {
		l.add("/segments/columns", "want %d at most, got %d", maxSegments, n)
	}
	for i, name := range s.Columns {
		if slices.Contains(s.Columns[:i], name) {
			l.add(fmt.Sprintf("/segments/columns/%d", i), "names %q twice", name)
		}
	}
	if len(s.MaxGap) > 0 && len(s.Columns) == 0 {
		l.add("/segments/max_gap", "bounds nothing: segments.columns names no column")
	}
	for _, name := range slices.Sorted(maps.Keys(s.MaxGap)) {
		if name != selectionRate {
			if _, err := metric.ByName(name); err != nil {
				l.add("/segments/max_gap/"+name, "%v; and for two classes %s", err, selectionRate)
			}
		}
		if gap := s.MaxGap[name]; !(gap >= 0) {
			l.add("/segments/max_gap/"+name, "want 0 or more, got %v", gap)
		}
	}
}
