package report

import "fmt"

// segmentsView is how good the version is by the values of a column, on one axis.
type segmentsView struct {
	Column, Note string
	Rows         []intervalRow
	Axis         *axis
	Gaps         []string
}

func viewSegments(s Segmented) segmentsView {
	v := segmentsView{Column: shown(s.Column), Note: "On " + safe(s.On) + " rows."}
	var values []float64
	for _, of := range s.Segments {
		if in := of.Score; in != nil {
			values = append(values, in.Score, in.Low, in.High)
			v.Note = fmt.Sprintf("On %s rows, with %s intervals.", safe(s.On), percentOf(in.Confidence))
		}
	}
	v.Axis = newAxis(false, values...)
	for _, of := range s.Segments {
		row := intervalRow{Name: shown(of.Value), Value: "–", Note: plural(of.Rows, "row", "rows")}
		if in := of.Score; in != nil {
			row.Value = number(in.Score)
			row.Note += ", " + number(in.Low) + " to " + number(in.High)
			row.Whisker, row.Dot = v.Axis.interval(0, markRadius, in.Score, in.Low, in.High)
		}
		v.Rows = append(v.Rows, row)
	}
	for _, gap := range s.Gaps {
		v.Gaps = append(v.Gaps, cut(safe(gap), maxWhole))
	}
	return v
}
