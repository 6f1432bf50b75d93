package feature

import (
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Method names a way to encode a column.
type Method string

// The methods.
const (
	LeaveOut   Method = "leave out"
	AsIs       Method = "as is"       // a number, missing or imputed (Number)
	Standard   Method = "standard"    // mean 0, standard deviation 1 (Number)
	Robust     Method = "robust"      // median 0, interquartile range 1 (Number)
	Power      Method = "power"       // Yeo-Johnson, then standard (Curve)
	Quantile   Method = "quantile"    // to normal quantiles, then standard (Curve)
	Uniform    Method = "uniform"     // to quantiles of 0 to 1; Plan never says so (Curve)
	Parts      Method = "parts"       // month, weekday, hour … of a timestamp (Moment)
	Cyclic     Method = "cyclic"      // their sine and cosine (Moment)
	OneHot     Method = "one-hot"     // a column per category (Categories)
	Indices    Method = "indices"     // of categories (Codes)
	TargetMean Method = "target mean" // by category, out of fold (Means)
	NGrams     Method = "n-grams"     // of words and characters, by tf-idf and target (Text)
)

// Facts are what a plan goes by. Those of numbers are only known where a plan needs them.
type Facts struct {
	Type     dataset.Type
	Rows     int
	Present  int     // rows that are not missing
	Distinct int     // distinct values
	Skewness float64 // third standardized moment; 0 for a constant
	Excess   float64 // fourth standardized moment less 3
	Spread   float64 // interquartile range
	// Straightens says that Yeo-Johnson's transform takes the skewness away.
	Straightens bool
	// Words is how many words a text has on average.
	Words float64
}

// Step is an encoding that a column is to get, and why.
type Step struct {
	Method Method
	Why    string
}

// Thresholds of Plan. A skewness of 1 is what an exponential-like tail begins to have (2 for
// the exponential itself, 0.6 for a Poisson of mean 3); an excess of 10 is far beyond the
// logistic's 1.2 and the 5-degree t's 6. Below eleven values there is no tail to bend.
const (
	skewed       = 1
	heavyTailed  = 10
	fewestToBend = 11
)

// Plan says how a column is encoded for a learner. A column that is left out has one step,
// LeaveOut, whose Why completes "column x …".
func Plan(f Facts, o Options) []Step {
	if f.Present == 0 {
		return []Step{{LeaveOut, "has no value"}}
	}
	switch f.Type {
	case dataset.Text:
		return []Step{{NGrams, fmt.Sprintf("free text of %.1f words on average", f.Words)}}
	case dataset.Categorical:
		return planCategories(f, o)
	case dataset.Timestamp:
		passes, again := Step{AsIs, "time that passes"}, Step{Parts, "time that comes again"}
		if o.Scale {
			passes.Method = Standard
		}
		if o.Scale || o.Impute { // a missing month has no place but the middle of the circle
			again.Method = Cyclic
		}
		return []Step{passes, again}
	}
	return planNumber(f, o)
}

func planCategories(f Facts, o Options) []Step {
	most, step := o.MaxLevels, Step{OneHot, fmt.Sprintf("%d categories", f.Distinct)}
	if o.Codes {
		most, step.Method = maxCodes, Indices
	}
	if f.Distinct <= most {
		return []Step{step}
	}
	return []Step{step, {TargetMean, fmt.Sprintf("%d categories are more than %d", f.Distinct, most)}}
}

// planNumber puts a bent copy beside a skewed number, and does not replace it: what is linear
// in the number stays so, and outside the training range the number goes on where the copy
// stops. By five folds, replacing it made logistic worse on adult (ROC AUC 0.893 from 0.899)
// and linear on california-housing (RMSE 70,900 from 68,900); adding made both better (0.901,
// 66,300), and wine-quality-white as well (0.735 from 0.753, replacing 0.748).
func planNumber(f Facts, o Options) []Step {
	if !o.Scale {
		return []Step{{AsIs, ""}}
	}
	if f.Type == dataset.Boolean || f.Distinct < fewestToBend || !finite(f.Skewness, f.Excess) {
		return []Step{{Standard, ""}}
	}
	if math.Abs(f.Skewness) <= skewed {
		if f.Excess > heavyTailed && f.Spread > 0 {
			return []Step{{Robust, fmt.Sprintf("heavy tails: excess kurtosis %.1f", f.Excess)}}
		}
		return []Step{{Standard, ""}}
	}
	why := fmt.Sprintf("skewness %.1f", f.Skewness)
	if f.Straightens {
		return []Step{{Standard, why}, {Power, why}}
	}
	return []Step{{Standard, why}, {Quantile, why + ", which no power takes away"}}
}
