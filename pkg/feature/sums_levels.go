package feature

// rowsOf are the rows of the summand's table for a column's levels, by code from −1 on.
func (p *summand) rowsOf(levels []string) []int32 {
	rows := make([]int32, len(levels)+1)
	for code, level := range levels {
		rows[code+1] = p.rowOf(level)
	}
	return rows
}

func (p *summand) rowOf(level string) int32 {
	if k := p.of.Categories; k != nil {
		return int32(place(k.Levels, k.Other, level)) + 1
	}
	return int32(place(p.of.Means.Levels, nil, level)) + 1
}

// row is that of a row of the addend's column.
func (p *summand) row(a *addend, i int) int {
	code := a.column.Codes[i]
	switch {
	case a.rows != nil:
		return int(a.rows[code+1])
	case code < 0:
		return 0
	}
	return int(p.rowOf(a.column.Levels[code]))
}

// addWeights adds the weights of a row's category; zeros of one that is missing or was not seen.
func (p *summand) addWeights(to []float64, stride int, a *addend, begin, end int) {
	if p.sums == 1 {
		at := stride - 1
		for i := begin; i < end; i++ {
			to[at] += p.table[p.row(a, i)]
			at += stride
		}
		return
	}
	for i := begin; i < end; i++ {
		sums := to[(i-begin+1)*stride-p.sums:][:p.sums]
		for k, weight := range p.table[p.row(a, i)*p.sums:][:p.sums] {
			sums[k] += weight
		}
	}
}

// addMeans adds what a row's category is encoded as.
func (p *summand) addMeans(to []float64, stride int, a *addend, begin, end int) {
	for i := begin; i < end; i++ {
		sums := to[(i-begin+1)*stride-p.sums:][:p.sums]
		row := p.table[p.row(a, i)*p.columns:][:p.columns]
		for k := range sums {
			for j, x := range row {
				sums[k] += float64(x * p.weights[k*p.columns+j])
			}
		}
	}
}
