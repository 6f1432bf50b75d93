package model

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// mlp is a fitted MLP.
type mlp struct {
	mlpParams
	nets []*network
	// A column's input is (value·scale − mean)·size, held within ±mlpFarthest; size is 0 for
	// a constant.
	scales, means, sizes []float64
}

type mlpParams struct {
	Units   []int `json:"units"`
	Members int   `json:"members"`
	Classes int   `json:"classes"` // 0 for regression
	Present []int `json:"present"` // classes that have scores: those with rows
	// Of the target: value·TargetScale = output·TargetSize + TargetMean.
	TargetScale float64 `json:"target_scale"`
	TargetMean  float64 `json:"target_mean"`
	TargetSize  float64 `json:"target_size"`
}

// mlpFarthest is how many deviations a value counts at most: beyond, it says no more.
const mlpFarthest = 10

func (m *mlp) Inputs() int { return len(m.means) }

func (m *mlp) Outputs() int { return max(1, m.Classes) }

// scores is the number of the network's outputs.
func (m *mlp) scores() int { return max(1, len(m.Present)) }

// newMLP takes what is needed to standardize the columns, in the given order, and the target.
func newMLP(d Data, columns, rows []int, weights []float64) *mlp {
	m := &mlp{mlpParams: mlpParams{Classes: d.Classes, TargetScale: 1}}
	pick := func(column []float64) []float64 {
		picked := make([]float64, len(rows))
		for i, r := range rows {
			picked[i] = column[r]
		}
		return picked
	}
	for _, j := range columns {
		values := pick(d.X.Columns[j])
		scale := unitScale(values)
		mean, variance, _ := moments(values, scale, nil, weights)
		size := 0.0
		if low, high := bounds(values); low < high {
			size = 1 / math.Sqrt(max(variance, 1e-20))
			if twoValued(values, low, high) {
				size = 1 / max(float64((high-low)*scale), 1e-10) // an indicator: a rare one is no outlier
			}
		}
		m.scales, m.means, m.sizes = append(m.scales, scale), append(m.means, mean), append(m.sizes, size)
	}
	if d.Classes > 0 {
		for class, of := range byClass(d.Y, d.Classes) {
			if len(of) > 0 {
				m.Present = append(m.Present, class)
			}
		}
		return m
	}
	y := pick(d.Y)
	m.TargetScale = unitScale(y)
	mean, variance, _ := moments(y, m.TargetScale, nil, weights)
	m.TargetMean = mean
	if low, high := bounds(y); low < high {
		m.TargetSize = math.Sqrt(variance)
	}
	return m
}

func twoValued(values []float64, low, high float64) bool {
	for _, v := range values {
		if v != low && v != high {
			return false
		}
	}
	return true
}

// input is what the network sees of a value of column j; NaN for a missing one.
func (m *mlp) input(j int, v float64) float64 {
	z := float64((float64(v*m.scales[j]) - m.means[j]) * m.sizes[j])
	if m.sizes[j] == 0 {
		z = float64(v * 0) // NaN for a missing value; infinite values are none of Predict's
	}
	return max(-mlpFarthest, min(mlpFarthest, z))
}

// restore puts what belongs to columns, fitted in the given order, into that of the data.
func (m *mlp) restore(columns []int) {
	scales, means, sizes := m.scales, m.means, m.sizes
	m.scales, m.means, m.sizes = make([]float64, len(columns)), make([]float64, len(columns)), make([]float64, len(columns))
	for i, j := range columns {
		m.scales[j], m.means[j], m.sizes[j] = scales[i], means[i], sizes[i]
	}
	for _, net := range m.nets {
		weights, _ := net.of(net.params, 0)
		fitted := append([]float64(nil), weights.values...)
		for i, j := range columns {
			copy(weights.values[j*weights.row:(j+1)*weights.row], fitted[i*weights.row:])
		}
	}
}

// Predict sends blocks of rows through the network, each row alike whatever the others are.
func (m *mlp) Predict(dst []float64, x *dataset.Matrix) {
	mustFit(dst, x, len(m.means), m.Outputs())
	// Neither the pieces nor the context can fail.
	_ = par.For(context.Background(), (x.Rows+networkRows-1)/networkRows, 0, func(block int) error {
		begin := block * networkRows
		rows := min(networkRows, x.Rows-begin)
		m.predictBlock(dst[begin*m.Outputs():(begin+rows)*m.Outputs()], x, begin, rows)
		return nil
	})
}

func (m *mlp) predictBlock(dst []float64, x *dataset.Matrix, begin, rows int) {
	first := m.nets[0]
	p := first.newPass()
	width := first.width(0)
	missing := make([]bool, rows)
	for j, column := range x.Columns {
		for i, v := range column[begin : begin+rows] {
			missing[i] = missing[i] || math.IsNaN(v)
			p.values[0][i*width+j] = m.input(j, v)
		}
	}
	clear(dst)
	out, n := p.values[first.layers()], m.Outputs()
	width = first.width(first.layers())
	for _, net := range m.nets {
		net.forward(p, rows)
		for i := range rows {
			m.add(dst[i*n:(i+1)*n], out[i*width:])
		}
	}
	for i := range rows {
		m.finish(dst[i*n:(i+1)*n], missing[i])
	}
}

// add adds what a member makes of its scores of a row.
func (m *mlp) add(sums, scores []float64) {
	if m.Classes == 0 {
		sums[0] += scores[0]
		return
	}
	scores = scores[:len(m.Present)]
	softmaxRow(scores)
	for k, class := range m.Present {
		sums[class] += scores[k]
	}
}

// finish turns the sums of a row into its prediction.
func (m *mlp) finish(sums []float64, missing bool) {
	members := float64(len(m.nets))
	for c, sum := range sums {
		switch {
		case missing:
			sums[c] = math.NaN()
		case m.Classes == 0:
			// A network may answer with more than the largest target, which may be the largest number.
			value := (float64(sum/members*m.TargetSize) + m.TargetMean) / m.TargetScale
			sums[c] = min(max(value, -math.MaxFloat64), math.MaxFloat64)
		default:
			sums[c] = sum / members
		}
	}
}

// State stores the standardization, column by column, and each layer's weights and biases,
// without what fills them up.
func (m *mlp) State() State {
	params, _ := json.Marshal(m.mlpParams) // finite numbers always marshal
	s := State{Learner: mlpName, Params: params, Tensors: map[string]safetensors.Tensor{
		"columns": fromRows([][]float64{m.scales, m.means, m.sizes}, len(m.means)),
	}}
	for member, net := range m.nets {
		for l := range net.layers() {
			weights, biases := net.of(net.params, l)
			out := net.units[l+1]
			rows := [][]float64{biases[:out]}
			for i := range net.units[l] {
				rows = append(rows, weights.values[i*weights.row:][:out])
			}
			s.Tensors[layerName(member, l)] = fromRows(rows, out)
		}
	}
	return s
}

func layerName(member, layer int) string { return fmt.Sprintf("member%d.layer%d", member, layer) }

func loadMLP(s State) (Model, error) {
	m := &mlp{}
	if err := decodeStateParams(s, &m.mlpParams); err != nil {
		return nil, err
	}
	columns, err := matrixF64(s, "columns")
	if err != nil {
		return nil, err
	}
	if len(columns) != 3 || len(m.Units) < 2 || len(m.Units) > 10 || len(columns[0]) != m.Units[0] {
		return nil, fmt.Errorf("%d rows of columns for units %v", len(columns), m.Units)
	}
	m.scales, m.means, m.sizes = columns[0], columns[1], columns[2]
	if err := m.check(); err != nil {
		return nil, err
	}
	for member := range m.Members {
		net, err := m.loadNetwork(s, member)
		if err != nil {
			return nil, err
		}
		m.nets = append(m.nets, net)
	}
	return m, nil
}

// loadNetwork reads all tensors of a member before it makes the network, whose size they bound.
func (m *mlp) loadNetwork(s State, member int) (*network, error) {
	layers := make([][][]float64, len(m.Units)-1)
	for l := range layers {
		name := layerName(member, l)
		var err error
		if layers[l], err = matrixF64(s, name); err != nil {
			return nil, err
		}
		if shape := s.Tensors[name].Shape; shape[0] != m.Units[l]+1 || shape[1] != m.Units[l+1] {
			return nil, fmt.Errorf("tensor %q has shape %v for units %v", name, shape, m.Units)
		}
		for _, row := range layers[l] {
			if err := checkWeights(name, row); err != nil {
				return nil, err
			}
		}
	}
	net := emptyNetwork(m.Units)
	for l, rows := range layers {
		weights, biases := net.of(net.params, l)
		copy(biases, rows[0])
		for i, row := range rows[1:] {
			copy(weights.values[i*weights.row:], row)
		}
	}
	return net, nil
}

// mlpLargest bounds weights, so that no output overflows: ten layers of 4096 inputs each
// raise 10 to below 1e290.
const mlpLargest = 1e24

func checkWeights(name string, row []float64) error {
	for _, v := range row {
		if !(math.Abs(v) <= mlpLargest) {
			return fmt.Errorf("tensor %q holds %v", name, v)
		}
	}
	return nil
}

func (m *mlp) check() error {
	for _, n := range m.Units[1:] {
		if n < 1 || n > 1<<16 {
			return fmt.Errorf("units %v", m.Units)
		}
	}
	if m.Members < 1 || m.Members > 100 {
		return fmt.Errorf("%d members", m.Members)
	}
	if m.Classes < 0 || m.Classes == 1 || m.Classes > 1<<16 || (m.Classes == 0) != (len(m.Present) == 0) || m.Units[len(m.Units)-1] != m.scores() {
		return fmt.Errorf("units %v for %d classes", m.Units, m.Classes)
	}
	for k, class := range m.Present {
		if class < 0 || class >= m.Classes || k > 0 && class <= m.Present[k-1] {
			return fmt.Errorf("classes %v of %d", m.Present, m.Classes)
		}
	}
	for j, mean := range m.means {
		if !positive(m.scales[j]) || !(math.Abs(mean) <= 0x1p30) || !(m.sizes[j] >= 0 && m.sizes[j] <= 1e11) {
			return fmt.Errorf("column %d: scale %v, mean %v, size %v", j, m.scales[j], mean, m.sizes[j])
		}
	}
	if !positive(m.TargetScale) || !(math.Abs(m.TargetMean) <= 0x1p30) || !(m.TargetSize >= 0 && m.TargetSize <= 0x1p30) {
		return errors.New("the target's scale")
	}
	return nil
}

func positive(v float64) bool { return v > 0 && !math.IsInf(v, 0) }
