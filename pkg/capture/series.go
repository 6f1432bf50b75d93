package capture

import (
	"fmt"
	"hash/fnv"
	"math"
	"strconv"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// identity tells series apart.
type identity struct {
	model  registry.ModelName
	digest string
	alias  registry.AliasName
	role   Role
}

// series gathers the rows of one version in one role. Rows are copied to buffers, which is cheap,
// and folded into sketches foldRows at a time, which costs less a row than one by one.
type series struct {
	Series
	from, to time.Time
	shard    int // of the partials: unlike that of any other series

	in, out         []dataset.Column // rows that are not folded yet
	inputs, outputs *profile.Partial
	kept            *kept // nil if no row is kept as it was read
}

const foldRows = 512

func newSeries(id identity, version int, shard int, p *pipeline.Pipeline) *series {
	s := &series{Series: Series{Version: version, Digest: id.digest, Alias: id.alias, Role: id.role}, shard: shard}
	if id.role != Shadow {
		s.in = inputColumns(p)
		s.inputs = profile.NewColumnwise(fieldsOf(s.in), shard)
	} else {
		s.Difference = &Difference{}
	}
	s.out = outputColumns(p.Target)
	s.outputs = profile.NewColumnwise(fieldsOf(s.out), shard)
	return s
}

// inputColumns are the model's columns but for free text, of which a sketch keeps parts as they
// are: what people write is not copied.
func inputColumns(p *pipeline.Pipeline) []dataset.Column {
	columns := []dataset.Column{}
	for _, f := range p.Schema {
		if f.Type != dataset.Text {
			columns = append(columns, dataset.Column{Name: f.Name, Type: f.Type, Levels: f.Levels})
		}
	}
	return columns
}

// mostProbabilities bounds the classes whose probabilities are followed.
const mostProbabilities = 32

// outputColumns are the value, or the class that is served and the probabilities: of two classes
// that of the second alone.
func outputColumns(target pipeline.Target) []dataset.Column {
	if !target.Task.Classification() {
		return []dataset.Column{{Name: target.Name, Type: dataset.Numeric}}
	}
	columns := []dataset.Column{{Name: target.Name, Type: dataset.Categorical, Levels: target.Classes}}
	for _, class := range followed(target.Classes) {
		columns = append(columns, dataset.Column{Name: "p(" + target.Classes[class] + ")", Type: dataset.Numeric})
	}
	return columns
}

func followed(classes []string) (indices []int) {
	for i := range classes[:min(len(classes), mostProbabilities)] {
		if i > 0 || len(classes) != 2 {
			indices = append(indices, i)
		}
	}
	return indices
}

func fieldsOf(columns []dataset.Column) []dataset.Field {
	fields := make([]dataset.Field, len(columns))
	for i, c := range columns {
		fields[i] = dataset.Field{Name: c.Name, Type: c.Type}
	}
	return fields
}

// mostOfARequest is how many rows of a request are looked at: beyond, every second, third … row.
const mostOfARequest = 1000

// add copies the rows of a request, at an even distance if they are many. left is how many bytes of
// rows may be kept as they were read, if any may.
func (s *series) add(o Observation, keep Keep, left *int) error {
	p, n := o.Pipeline, o.rows()
	s.Seen += n
	step := (n + mostOfARequest - 1) / mostOfARequest
	k := p.Target.Outputs()
	for row := 0; row < n; row += step {
		output := o.Output[row*k : (row+1)*k]
		class := s.addOutput(p, output)
		if s.inputs != nil {
			s.addInput(o.Table, row)
		}
		if keep >= KeepPredictions && o.ID != "" && s.Role != Shadow {
			s.Predictions = append(s.Predictions, Prediction{ID: o.ID + "-" + strconv.Itoa(row+1), Output: append([]float64(nil), output...), Class: class})
		}
		if left != nil && *left > 0 {
			if s.kept == nil {
				s.kept = newKept(p.Schema)
			}
			*left -= s.kept.add(o.Table, row, o.ID+"-"+strconv.Itoa(row+1))
			s.Kept++
		}
		if s.Rows++; s.out[0].Len() >= foldRows {
			if err := s.fold(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *series) addInput(t *dataset.Table, row int) {
	at := 0
	for i := range t.Columns {
		from := &t.Columns[i]
		if from.Type == dataset.Text || at == len(s.in) || s.in[at].Name != from.Name {
			continue
		}
		to := &s.in[at]
		if at++; from.Type.Coded() {
			to.Codes = append(to.Codes, from.Codes[row])
		} else {
			to.Values = append(to.Values, from.Values[row])
		}
	}
}

// addOutput takes what was predicted of a row, and returns its class, if it is one.
func (s *series) addOutput(p *pipeline.Pipeline, output []float64) *int {
	if !p.Target.Task.Classification() {
		s.out[0].Values = append(s.out[0].Values, output[0])
		return nil
	}
	class := p.Decide(output)
	s.out[0].Codes = append(s.out[0].Codes, int32(class))
	for i, of := range followed(p.Target.Classes) {
		s.out[i+1].Values = append(s.out[i+1].Values, output[of])
	}
	return &class
}

// fold puts what is in the buffers into the sketches.
func (s *series) fold() error {
	for _, to := range []struct {
		columns []dataset.Column
		partial *profile.Partial
	}{{s.in, s.inputs}, {s.out, s.outputs}} {
		if to.partial == nil || len(to.columns) == 0 {
			continue
		}
		t, err := dataset.NewTable(to.columns...)
		if err == nil {
			err = to.partial.AddTable(t)
		}
		if err != nil {
			return fmt.Errorf("capture: %w", err)
		}
		for i := range to.columns {
			to.columns[i].Values, to.columns[i].Codes = to.columns[i].Values[:0], to.columns[i].Codes[:0]
		}
	}
	return nil
}

// seal makes the series what is written.
func (s *series) seal(model registry.ModelName) (_ Series, err error) {
	if err := s.fold(); err != nil {
		return Series{}, err
	}
	if s.inputs != nil {
		if s.Inputs, err = s.inputs.MarshalBinary(); err != nil {
			return Series{}, err
		}
	}
	if s.Outputs, err = s.outputs.MarshalBinary(); err != nil {
		return Series{}, err
	}
	if s.Difference != nil {
		if err = s.Difference.seal(); err != nil {
			return Series{}, err
		}
	}
	if s.kept != nil {
		s.rows = &Rows{Model: model, Version: s.Version, Digest: s.Digest, IDs: s.kept.ids}
		s.rows.Table, err = s.kept.table()
	}
	return s.Series, err
}

// shardOf numbers the shard of a series: partials merge only if their shards are apart, and
// instances know nothing of each other. Of ten thousand numbers of 62 bits two are the same once
// in 10¹¹ days.
func shardOf(instance string, number, series int) int {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\x00%d\x00%d", instance, number, series)
	return int(h.Sum64() % (math.MaxInt64 / 2))
}
