package metric

import "fmt"

// oneVersusRest is the mean over classes of the area under the curve of each against all
// others. Every class has to occur.
func oneVersusRest(s sample) (float64, error) {
	total := 0.0
	for k := range s.outputs {
		rows := make([]ranked, len(s.y))
		for i, w := range s.weights {
			rows[i] = ranked{p: s.row(i)[k], weight: w, row: i}
			if s.class(i) == k {
				rows[i].class = 1
			}
		}
		area, err := areaUnderCurve(ranking(rows))
		if err != nil {
			return 0, fmt.Errorf("class %d against the rest: %w", k, err)
		}
		total += area
	}
	return total / float64(s.outputs), nil
}

// oneVersusOne is the mean over pairs of classes of the area under the curve among the rows
// of the two, by the probability of the one and by that of the other: it does not depend on
// how frequent classes are (Hand & Till 2001). Every class has to occur.
func oneVersusOne(s sample) (float64, error) {
	of := make([][]int, s.outputs)
	for i := range s.y {
		of[s.class(i)] = append(of[s.class(i)], i)
	}
	total, pairs := 0.0, 0.0
	for a := range s.outputs {
		for b := range a {
			for _, pair := range [][2]int{{a, b}, {b, a}} {
				var rows []ranked
				for class, k := range pair {
					for _, i := range of[k] {
						rows = append(rows, ranked{p: s.row(i)[pair[0]], weight: s.weights[i], class: 1 - class, row: i})
					}
				}
				area, err := areaUnderCurve(ranking(rows))
				if err != nil {
					return 0, fmt.Errorf("class %d against class %d: %w", a, b, err)
				}
				total += area
				pairs++
			}
		}
	}
	return total / pairs, nil
}
