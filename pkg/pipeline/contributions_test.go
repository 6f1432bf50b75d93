package pipeline

import (
	"context"
	"math"
	"testing"

	"github.com/foretell-ml/foretell/pkg/feature"
	"github.com/foretell-ml/foretell/pkg/model"
)

// TestContributions compares what is sampled of the pipeline with exact Shapley values of its
// model, by TreeSHAP and by coefficients, on a table whose columns are encoded one by one. Of a
// linear model they are the same; of trees the noise is a seventh of what they say.
func TestContributions(t *testing.T) {
	ctx := context.Background()
	inputs, target, y, _ := sets[2].read(t)
	one := Features{}
	for _, c := range inputs.Columns {
		one[c.Name] = feature.Standard
	}
	for learner, noise := range map[string]float64{"linear": 1e-9, "boosting": 0.2} {
		p, err := Fit(ctx, Data{Inputs: inputs, Y: y}, target, Configuration{Learner: learner, Features: one}, 1)
		if err != nil {
			t.Fatal(err)
		}
		rows, background := inputs.Select([]int{3, 500, 1200, 2500, 4000, 4800}), inputs.Select([]int{10, 700, 1400, 2100, 2800, 3500, 4200, 4700})
		columns := len(p.Schema)
		each := make([][]int, columns)
		for j := range each {
			each[j] = []int{j}
		}
		c, err := p.Contributions(ctx, rows, background, each, 1)
		if err != nil {
			t.Fatal(err)
		}
		x, err := p.Members[0].Encoder.Transform(rows)
		if err != nil {
			t.Fatal(err)
		}
		z, err := p.Members[0].Encoder.Transform(background)
		if err != nil {
			t.Fatal(err)
		}
		exact, err := model.ExplainerOf(p.Members[0].Model, z)
		if err != nil || len(x.Columns) != columns {
			t.Fatalf("%d columns of %d, %v", len(x.Columns), columns, err)
		}
		want := make([]float64, rows.Rows()*(columns+1))
		exact.Explain(want, x)
		predicted, err := p.Predict(rows)
		if err != nil {
			t.Fatal(err)
		}
		off, size := 0.0, 0.0
		for row := range rows.Rows() {
			sum := c.Base[0]
			for j := range columns {
				v, w := c.Values[row*columns+j], want[row*(columns+1)+j]
				sum += v
				off, size = off+(v-w)*(v-w), size+w*w
			}
			if math.Abs(sum-predicted[row]) > 1e-9 {
				t.Errorf("%s, row %d: base and contributions are %v, the prediction %v", learner, row, sum, predicted[row])
			}
			if math.Abs(c.Base[0]-want[row*(columns+1)+columns]) > 1e-9 {
				t.Errorf("%s: base %v, want %v", learner, c.Base[0], want[row*(columns+1)+columns])
			}
		}
		t.Logf("%s: off by %.3g of their size", learner, math.Sqrt(off/size))
		if math.Sqrt(off/size) > noise {
			t.Errorf("%s: off by %.3g of their size", learner, math.Sqrt(off/size))
		}

		// Two sets add what their columns add together.
		two, err := p.Contributions(ctx, rows, background, [][]int{{0, 1, 2}, {3, 4, 5, 6, 7, 8, 9, 10}}, 1)
		if err != nil {
			t.Fatal(err)
		}
		for row := range rows.Rows() {
			if sum := two.Base[0] + two.Values[2*row] + two.Values[2*row+1]; math.Abs(sum-predicted[row]) > 1e-9 {
				t.Errorf("%s, row %d: two sets are %v, the prediction %v", learner, row, sum, predicted[row])
			}
			first := c.Values[row*columns] + c.Values[row*columns+1] + c.Values[row*columns+2]
			if learner == "linear" && math.Abs(two.Values[2*row]-first) > 1e-9 {
				t.Errorf("row %d: three columns add %v, together %v", row, first, two.Values[2*row])
			}
		}
	}
}

// TestContributionsOfClasses: of an ensemble, those of all classes cancel.
func TestContributionsOfClasses(t *testing.T) {
	p, inputs := together(t)
	rows := inputs.Select([]int{0, 100, 200, 300})
	sets := make([][]int, len(p.Schema))
	for j := range sets {
		sets[j] = []int{j}
	}
	c, err := p.Contributions(context.Background(), rows, inputs.Select([]int{5, 150, 290}), sets, 7)
	if err != nil {
		t.Fatal(err)
	}
	predicted, err := p.Predict(rows)
	if err != nil {
		t.Fatal(err)
	}
	outputs := p.Target.Outputs()
	for row := range rows.Rows() {
		for k := range outputs {
			sum := c.Base[k]
			for j := range sets {
				sum += c.Values[(row*len(sets)+j)*outputs+k]
			}
			if math.Abs(sum-predicted[row*outputs+k]) > 1e-9 {
				t.Errorf("row %d, class %d: %v, predicted %v", row, k, sum, predicted[row*outputs+k])
			}
		}
		for j := range sets {
			sum := 0.0
			for k := range outputs {
				sum += c.Values[(row*len(sets)+j)*outputs+k]
			}
			if math.Abs(sum) > 1e-9 {
				t.Errorf("row %d, column %d: the classes add up to %v", row, j, sum)
			}
		}
	}
	again, err := p.Contributions(context.Background(), rows, inputs.Select([]int{5, 150, 290}), sets, 7)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range c.Values {
		if again.Values[i] != v {
			t.Fatalf("value %d is %v, then %v", i, v, again.Values[i])
		}
	}
}
