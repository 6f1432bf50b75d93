package pipeline

import (
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/feature"
	"github.com/foretell-ml/foretell/pkg/model"
)

// fused is a member without its encoder: sums of the table's columns rather than of encoded ones.
type fused struct {
	model.Lined
	sums *feature.Sums
}

// fuse compiles the members that predict by weighted sums of encoded columns into ones that need no
// encoding: from a table to a score in one pass. A member whose encoder another needs anyway stays as
// it is.
func (p *Pipeline) fuse() {
	needed := map[*feature.Encoder]bool{}
	for i := range p.Members {
		m := &p.Members[i]
		if m.fused = m.fuse(p.Schema); m.fused == nil {
			needed[m.Encoder] = true
		}
	}
	for i := range p.Members {
		if m := &p.Members[i]; needed[m.Encoder] {
			m.fused = nil
		}
	}
}

// fuse is nil if the member predicts by anything else, or by sums that must be added up as they are.
func (m *Member) fuse(s dataset.Schema) *fused {
	lined, is := m.Model.(model.Lined)
	if !is {
		return nil
	}
	var of []feature.Sum
	for _, line := range lined.Lines() {
		of = append(of, feature.Sum{Start: line.Intercept, Weights: line.Coefficients})
	}
	if of == nil {
		return nil
	}
	sums, can := m.Encoder.Sums(of, s)
	if !can {
		return nil
	}
	return &fused{lined, sums}
}

// write writes what a member predicts for the rows of a table. A matrix that was made for another
// member is taken from encoded, and one that is made is left there. A model that took the place of
// the one that was fused is asked itself.
func (m *Member) write(dst []float64, t *dataset.Table, encoded map[*feature.Encoder]*dataset.Matrix) error {
	if m.fused != nil && m.fused.Lined == m.Model {
		return m.writeFused(dst, t)
	}
	return m.writeEncoded(dst, t, encoded)
}

func (m *Member) writeEncoded(dst []float64, t *dataset.Table, encoded map[*feature.Encoder]*dataset.Matrix) error {
	x := encoded[m.Encoder]
	if x == nil {
		var err error
		if x, err = m.Encoder.Transform(t); err != nil {
			return err
		}
		encoded[m.Encoder] = x
	}
	m.Model.Predict(dst, x)
	return nil
}

// writeFused writes the same bits as writeEncoded. Rows whose sums are beyond what a number holds are
// left to that.
func (m *Member) writeFused(dst []float64, t *dataset.Table) error {
	outputs := m.fused.Outputs()
	if err := m.fused.sums.Write(dst, outputs, t); err != nil {
		return err
	}
	first := outputs - m.fused.sums.Count()
	var beyond []int
	for i := range t.Rows() {
		for _, sum := range dst[i*outputs+first : (i+1)*outputs] {
			if !(math.Abs(sum) <= math.MaxFloat64) {
				beyond = append(beyond, i)
				break
			}
		}
	}
	m.fused.Finish(dst)
	if beyond == nil {
		return nil
	}
	again := make([]float64, len(beyond)*outputs)
	if err := m.writeEncoded(again, t.Select(beyond), map[*feature.Encoder]*dataset.Matrix{}); err != nil {
		return err
	}
	for k, i := range beyond {
		copy(dst[i*outputs:(i+1)*outputs], again[k*outputs:])
	}
	return nil
}
