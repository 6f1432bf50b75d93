package feature

import "math"

// addNumbers adds what numbers or timestamps are encoded as. Scratch is as long as values.
func (p *summand) addNumbers(to []float64, stride int, values, scratch []float64) {
	var missing, marked bool
	switch c := p.of; {
	case c.Moment != nil:
		p.addMoments(to, stride, values)
		return
	case c.Curve != nil:
		missing, marked = c.Curve.numbers(scratch, values), c.Curve.Indicator
	default:
		missing, marked = c.Number.numbers(scratch, values), c.Number.Indicator
	}
	p.addColumn(to, stride, scratch, 0)
	if !missing || !marked {
		return
	}
	for k := range p.sums {
		weight, at := p.weights[k*p.columns+1], stride-p.sums+k
		for _, v := range values {
			if math.IsNaN(v) {
				to[at] += weight
			}
			at += stride
		}
	}
}

// addMoments adds the parts of each moment; of a missing one, which is NaN unless the parts are cyclic.
func (p *summand) addMoments(to []float64, stride int, values []float64) {
	m := p.of.Moment
	each := p.columns / len(m.Parts) // columns of a part
	for i, v := range values {
		sums := to[(i+1)*stride-p.sums:][:p.sums]
		if math.IsNaN(v) {
			if !m.Cyclic {
				for k := range sums {
					sums[k] += v
				}
			}
			continue
		}
		t, table := moment(v), p.table
		for j, name := range m.Parts {
			of := &parts[partNamed(name)]
			row := table[of.of(t)*each:][:each]
			table = table[int(of.period)*each:]
			for k := range sums {
				for l, x := range row {
					sums[k] += float64(x * p.weights[k*p.columns+j*each+l])
				}
			}
		}
	}
}
