package profile

// Pairs holds what was measured between columns.
type Pairs struct {
	// Rows is how many rows the measures come from: all, or a random sample of them.
	Rows    int  `json:"rows"`
	Sampled bool `json:"sampled,omitempty"`
	// Columns are those that were compared, each with each. Wide data is bounded: Skipped is
	// how many columns were left out.
	Columns []string `json:"columns"`
	Skipped int      `json:"skipped,omitempty"`
	// Strongest are the pairs of the greatest Strength, at most MaxPairs.
	Strongest []Pair `json:"strongest,omitempty"`
	// Matrix is the Strength of each pair of Columns, signed where it has a sign: row i holds
	// the columns 0 … i-1. It is absent if there are more than MaxMatrix columns.
	Matrix [][]float64 `json:"matrix,omitempty"`
}

// MaxPairs is how many pairs a profile lists; MaxMatrix up to how many columns it holds all.
const (
	MaxPairs  = 50
	MaxMatrix = 100
)

// Pair is how two columns go together. Only what is defined for their types is there.
type Pair struct {
	A string `json:"a"`
	B string `json:"b"`
	// Rows is how many rows had both values.
	Rows int `json:"rows"`
	// Strength is from 0, nothing, to 1: the greatest of |Pearson|, |Spearman|, CramersV and
	// CorrelationRatio.
	Strength         float64  `json:"strength"`
	Pearson          *float64 `json:"pearson,omitempty"`           // numbers and moments
	Spearman         *float64 `json:"spearman,omitempty"`          // numbers and moments
	CramersV         *float64 `json:"cramers_v,omitempty"`         // categories, bias-corrected (Bergsma 2013)
	CorrelationRatio *float64 `json:"correlation_ratio,omitempty"` // η of numbers in categories
}
