package capture

import (
	"math"

	"github.com/foretell-ml/foretell/pkg/sketch"
)

// Difference is how far the predictions of a shadow are from those that were answered, row by row:
// of values their distance, of classes the greatest distance of a probability.
type Difference struct {
	Rows    int     `json:"rows"`
	Sum     float64 `json:"sum"`     // of the distances
	Max     float64 `json:"max"`     // of them
	Changed int     `json:"changed"` // rows with another class
	// Failed and Skipped count requests: those that the shadow could not answer, and those that it
	// was not asked for, since it was still at another or they had too many rows.
	Failed  int `json:"failed,omitempty"`
	Skipped int `json:"skipped,omitempty"`
	// Distances is a sketch.Quantiles of them.
	Distances []byte `json:"distances,omitempty"`

	sketch *sketch.Quantiles
}

// distancesK makes a rank of the sketch wrong by about 1.3 %.
const distancesK = 200

// Add takes a row: what was answered and what the shadow says, and whether the class is another.
func (d *Difference) Add(answered, shadow []float64, changed bool, seed uint64) {
	distance := 0.0
	for i, v := range answered {
		distance = max(distance, math.Abs(v-shadow[i]))
	}
	if d.sketch == nil {
		d.sketch = sketch.NewQuantiles(distancesK, seed)
	}
	d.sketch.AddSorted([]float64{distance})
	d.Rows++
	d.Sum += distance
	d.Max = max(d.Max, distance)
	if changed {
		d.Changed++
	}
}

// Merge adds o, which may have been read from an object.
func (d *Difference) Merge(o *Difference) error {
	theirs, err := o.distances()
	if err != nil {
		return err
	}
	ours, err := d.distances()
	if err != nil {
		return err
	}
	ours.Merge(theirs)
	d.sketch, d.Distances = ours, nil
	d.Rows += o.Rows
	d.Sum += o.Sum
	d.Max = max(d.Max, o.Max)
	d.Changed += o.Changed
	d.Failed += o.Failed
	d.Skipped += o.Skipped
	return nil
}

// Quantile is the distance that a share of the rows does not exceed; NaN of no rows.
func (d *Difference) Quantile(share float64) (float64, error) {
	s, err := d.distances()
	if err != nil || s.N() == 0 {
		return math.NaN(), err
	}
	return s.Quantile(share), nil
}

func (d *Difference) distances() (*sketch.Quantiles, error) {
	if d.sketch != nil {
		return d.sketch, nil
	}
	s := new(sketch.Quantiles)
	if len(d.Distances) > 0 {
		if err := s.UnmarshalBinary(d.Distances); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// seal makes the sketch bytes.
func (d *Difference) seal() (err error) {
	if d.sketch != nil {
		d.Distances, err = d.sketch.MarshalBinary()
	}
	return err
}
