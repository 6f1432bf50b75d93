package model

// Rows are compared with lanesQ others at a time, lanesR of them: what the registers hold.
const (
	lanesQ = 4
	lanesR = 8
)

// panels are rows of numbers in groups of lanesR: of each group the first column, then the
// second, and so on. The last group is filled up with zeros.
type panels struct {
	columns int
	rows    int
	values  []float64
}

func newPanels(rows, columns int, at func(i, j int) float64) panels {
	p := panels{columns, rows, make([]float64, (rows+lanesR-1)/lanesR*lanesR*columns)}
	for j := range columns {
		for i := range rows {
			p.values[(i/lanesR*columns+j)*lanesR+i%lanesR] = at(i, j)
		}
	}
	return p
}

func (p panels) at(i, j int) float64 { return p.values[(i/lanesR*p.columns+j)*lanesR+i%lanesR] }

func (p panels) groups() int { return (p.rows + lanesR - 1) / lanesR }

// squares sets dst[(g·lanesQ + a)·lanesR + r] to the squared distance of query a and row r of
// group from+g, and bit a·lanesR + r of near[g] if that is below worst[a]: of most groups no
// row is, and nobody has to look. Queries come column by column, lanesQ numbers of each.
// Squares are summed in the order of the columns, each rounded, so the bits are the same on
// every machine. (To multiply the matrices and take 2·x·y from the squares of both would be a
// third less work, but near rows would be left without digits.)
func (p panels) squares(dst []float64, near []uint32, queries []float64, worst *[lanesQ]float64, from, to int) {
	near = near[:to-from]
	if p.columns == 0 {
		clear(dst)
		for g := range near {
			near[g] = 0
			for a, w := range worst {
				if w > 0 {
					near[g] |= (1<<lanesR - 1) << (a * lanesR)
				}
			}
		}
		return
	}
	size := lanesR * p.columns
	if len(near) > 0 {
		differences(dst[:len(near)*lanesQ*lanesR], near, queries[:lanesQ*p.columns], p.values[from*size:to*size], worst)
	}
}

// differencesGo is differences for any machine.
func differencesGo(dst []float64, near []uint32, queries, values []float64, worst *[lanesQ]float64) {
	columns := len(queries) / lanesQ
	for g := range near {
		group := values[g*lanesR*columns : (g+1)*lanesR*columns]
		near[g] = 0
		for a := range lanesQ {
			var s0, s1, s2, s3, s4, s5, s6, s7 float64
			for j := range columns {
				q, v := queries[j*lanesQ+a], (*[lanesR]float64)(group[j*lanesR:])
				d0, d1, d2, d3, d4, d5, d6, d7 := q-v[0], q-v[1], q-v[2], q-v[3], q-v[4], q-v[5], q-v[6], q-v[7]
				s0 += float64(d0 * d0)
				s1 += float64(d1 * d1)
				s2 += float64(d2 * d2)
				s3 += float64(d3 * d3)
				s4 += float64(d4 * d4)
				s5 += float64(d5 * d5)
				s6 += float64(d6 * d6)
				s7 += float64(d7 * d7)
			}
			sums := [lanesR]float64{s0, s1, s2, s3, s4, s5, s6, s7}
			for r, s := range sums {
				if s < worst[a] {
					near[g] |= 1 << (a*lanesR + r)
				}
			}
			*(*[lanesR]float64)(dst[(g*lanesQ+a)*lanesR:]) = sums
		}
	}
}
