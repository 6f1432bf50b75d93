package model

import (
	"context"
	"errors"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// Adam's constants, as its authors have them.
const (
	adamFirst   = 0.9
	adamSecond  = 0.999
	adamEpsilon = 1e-8
)

// fewestHeld is how many rows can tell when to stop: the loss of fewer is mostly chance.
const fewestHeld = 50

// lossPieces is how many pieces of rows are judged before the next are: each takes memory.
const lossPieces = 8

// mlpTraining is the state of a fit.
type mlpTraining struct {
	params  MLP
	classes bool
	x       []float64 // standardized, rows × net.width(0)
	y       []float64 // standardized, or index of a score
	w       []float64 // of mean 1
	crew    *par.Crew

	net           *network // the member in training
	turned        [][]float64
	first, second []float64 // moments of the gradient
	firstPower    float64   // adamFirst and adamSecond to the number of steps
	secondPower   float64
	pieces        []*mlpPiece
	moving        moving
}

// mlpPiece is the place of up to networkRows rows of a batch: who works on it writes nowhere
// else.
type mlpPiece struct {
	pass     *pass
	gradient []float64
	loss     float64
}

func newMLPTraining(p MLP, m *mlp, d Data, columns, rows []int, weights []float64) *mlpTraining {
	n, width := len(rows), padded(len(columns))
	t := &mlpTraining{params: p, classes: m.Classes > 0, crew: par.NewCrew(0),
		x: make([]float64, n*width), y: make([]float64, n), w: make([]float64, n)}
	for k, j := range columns {
		column := d.X.Columns[j]
		for i, r := range rows {
			t.x[i*width+k] = m.input(k, column[r])
		}
	}
	score := make([]float64, m.Classes)
	for k, class := range m.Present {
		score[class] = float64(k)
	}
	mean := num.Sum(weights) / float64(n)
	for i, r := range rows {
		t.w[i] = weights[i] / mean
		if t.classes {
			t.y[i] = score[int(d.Y[r])]
		} else if m.TargetSize > 0 {
			t.y[i] = (float64(d.Y[r]*m.TargetScale) - m.TargetMean) / m.TargetSize
		}
	}
	return t
}

// begin takes a network that has not been trained.
func (t *mlpTraining) begin(net *network) {
	if t.params.BatchNorm {
		net = net.withGains()
	}
	t.net, t.moving, t.firstPower, t.secondPower = net, moving{}, 1, 1
	t.first, t.second = make([]float64, len(net.params)), make([]float64, len(net.params))
	t.turned = make([][]float64, net.layers())
	for l := range t.turned {
		t.turned[l] = make([]float64, net.width(l)*net.width(l+1))
	}
	net.turn(t.turned)
}

// run trains a network.
func (t *mlpTraining) run(ctx context.Context, net *network, seedOfRun uint64) error {
	t.begin(net)
	rows := seed.Rand(seed.Derive(seedOfRun, "holdout")).Perm(len(t.y))
	held := int(float64(t.params.Holdout * float64(len(rows))))
	if held < fewestHeld {
		held = 0
	}
	watched, rows := rows[:held], rows[held:]
	batch := t.params.batch(len(rows))
	batches := (len(rows) + batch - 1) / batch
	best, since := math.Inf(1), 0
	var kept []float64
	for epoch := range t.params.Epochs {
		random := seed.Rand(seed.Derive(seedOfRun, "epoch", epoch))
		random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		for b := range batches { // as large as each other: few rows have little to normalize by
			if err := ctx.Err(); err != nil {
				return err
			}
			t.step(rows[b*len(rows)/batches : (b+1)*len(rows)/batches])
		}
		if held == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		net := t.net.folded(&t.moving)
		if loss := t.loss(net, watched); loss < best {
			best, since, kept = loss, 0, append(kept[:0], net.params...)
		} else if since++; since >= t.params.Patience {
			break
		}
	}
	t.net = t.net.folded(&t.moving)
	if kept != nil {
		copy(t.net.params, kept)
	}
	for _, v := range t.net.params {
		if !(math.Abs(v) <= mlpLargest) {
			return errors.New("training diverged: a lower learning_rate keeps it from that")
		}
	}
	return nil
}

// each has the crew do all pieces of rows.
func (t *mlpTraining) each(rows []int, work func(p *mlpPiece, rows []int)) int {
	pieces := (len(rows) + networkRows - 1) / networkRows
	for len(t.pieces) < pieces {
		t.pieces = append(t.pieces, &mlpPiece{t.net.newPass(), make([]float64, len(t.net.params)), 0})
	}
	t.crew.Do(func(worker int) {
		for i := worker; i < pieces; i += t.crew.Workers() {
			work(t.pieces[i], rows[i*len(rows)/pieces:(i+1)*len(rows)/pieces])
		}
	})
	return pieces
}

// step is Adam's, on the mean loss of a batch.
func (t *mlpTraining) step(batch []int) {
	pieces := t.each(batch, func(p *mlpPiece, rows []int) {
		clear(p.gradient)
		t.derive(p, rows, 1/float64(len(batch)))
		t.net.backward(p.pass, p.gradient, t.turned, len(rows))
	})
	if t.net.normed {
		t.moving.learn(t.net, t.pieces[:pieces])
	}
	t.firstPower *= adamFirst
	t.secondPower *= adamSecond
	size, workers := len(t.net.params), t.crew.Workers()
	t.crew.Do(func(worker int) {
		t.move(t.pieces[:pieces], worker*size/workers, (worker+1)*size/workers)
	})
	t.net.turn(t.turned)
}

// move adds up the gradients of params begin to end-1 and changes these.
func (t *mlpTraining) move(pieces []*mlpPiece, begin, end int) {
	sum := pieces[0].gradient[begin:end]
	for _, p := range pieces[1:] {
		for i, g := range p.gradient[begin:end] {
			sum[i] += g
		}
	}
	rate := t.params.LearningRate
	step, unbias := rate/(1-t.firstPower), 1/(1-t.secondPower)
	decay := 1 - float64(rate*t.params.WeightDecay)
	params, first, second := t.net.params[begin:end], t.first[begin:end], t.second[begin:end]
	for i, g := range sum {
		m := float64(adamFirst*first[i]) + float64((1-adamFirst)*g)
		v := float64(adamSecond*second[i]) + float64((1-adamSecond)*float64(g*g))
		first[i], second[i] = m, v
		params[i] = float64(params[i]*decay) - float64(step*m)/(math.Sqrt(float64(v*unbias))+adamEpsilon)
	}
}

// outputs sends rows through a network and returns its outputs and their width.
func (t *mlpTraining) outputs(net *network, p *mlpPiece, rows []int) ([]float64, int) {
	width := net.width(0)
	for i, r := range rows {
		copy(p.pass.values[0][i*width:(i+1)*width], t.x[r*width:])
	}
	clear(p.pass.values[0][len(rows)*width:])
	net.forward(p.pass, len(rows))
	return p.pass.values[net.layers()], net.width(net.layers())
}

// derive sets the slopes at the outputs: of the loss of rows, weighted and times share.
func (t *mlpTraining) derive(p *mlpPiece, rows []int, share float64) {
	out, width := t.outputs(t.net, p, rows)
	slopes := p.pass.slopes[t.net.layers()]
	clear(slopes)
	for i, r := range rows {
		scores, slope := out[i*width:][:t.net.units[t.net.layers()]], slopes[i*width:]
		weight := float64(t.w[r] * share)
		if !t.classes {
			slope[0] = float64((scores[0] - t.y[r]) * weight)
			continue
		}
		softmaxRow(scores)
		scores[int(t.y[r])]--
		for k, s := range scores {
			slope[k] = float64(s * weight)
		}
	}
}

// loss is the weighted sum over rows of half the squared error or the log loss of a network.
func (t *mlpTraining) loss(net *network, rows []int) float64 {
	total := 0.0
	for len(rows) > 0 {
		n := min(lossPieces*networkRows, len(rows))
		pieces := t.each(rows[:n], func(p *mlpPiece, rows []int) { p.loss = t.lossOf(net, p, rows) })
		for _, p := range t.pieces[:pieces] {
			total += p.loss
		}
		rows = rows[n:]
	}
	return total
}

// lossOf is the loss of a piece.
func (t *mlpTraining) lossOf(net *network, p *mlpPiece, rows []int) float64 {
	out, width := t.outputs(net, p, rows)
	var sum num.Twofold
	for i, r := range rows {
		scores := out[i*width:][:net.units[net.layers()]]
		if !t.classes {
			off := scores[0] - t.y[r]
			sum.AddProduct(0.5*t.w[r], float64(off*off))
			continue
		}
		top, total := math.Inf(-1), 0.0
		for _, s := range scores {
			top = max(top, s)
		}
		for _, s := range scores {
			total += num.Exp(s - top)
		}
		sum.AddProduct(t.w[r], top+num.Log(total)-scores[int(t.y[r])])
	}
	return sum.Value()
}
