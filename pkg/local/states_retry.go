package local

import (
	"math"
	"slices"
	"time"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// retrier is one element of Retry. Each counts its own attempts, from the moment the state
// is entered.
type retrier struct {
	errors   []string
	interval time.Duration // before the first retry
	rate     float64       // by which the interval grows
	limit    time.Duration // MaxDelaySeconds; 0: none
	attempts int           // retries, not counting the first try; 0: never
	jitter   bool          // FULL: a uniform share of the delay
}

// catcher is one element of Catch.
type catcher struct {
	errors []string
	result selection
	next   string
}

func parseRetry(f *fields) []retrier {
	var out []retrier
	list := f.list("Retry")
	for i, r := range list {
		r.comment()
		one := retrier{
			errors:   r.errorEquals(i == len(list)-1),
			interval: r.seconds("IntervalSeconds", 1, 99_999_999, 1),
			attempts: r.integer("MaxAttempts", 0, 99_999_999, 3),
			rate:     r.number("BackoffRate", 1, math.MaxFloat64, 2),
			limit:    r.seconds("MaxDelaySeconds", 1, 31_622_399, 0),
		}
		if one.limit != 0 && one.limit <= one.interval {
			r.refuse("MaxDelaySeconds", "is not greater than IntervalSeconds")
		}
		switch strategy, _ := r.optionalText("JitterStrategy"); strategy {
		case "FULL":
			one.jitter = true
		case "", "NONE":
		default:
			r.refuse("JitterStrategy", "is %q, neither \"FULL\" nor \"NONE\"", strategy)
		}
		r.done()
		out = append(out, one)
	}
	return out
}

func parseCatch(f *fields) []catcher {
	var out []catcher
	list := f.list("Catch")
	for i, c := range list {
		c.comment()
		out = append(out, catcher{
			errors: c.errorEquals(i == len(list)-1),
			result: c.resultPath(),
			next:   c.text("Next"),
		})
		c.done()
	}
	return out
}

// errorEquals takes the error names. States.ALL stands alone and last, and States.Runtime
// always ends an execution, so naming it would promise what AWS does not keep.
func (f *fields) errorEquals(last bool) []string {
	names := f.texts("ErrorEquals")
	if slices.Contains(names, errorAll) && (len(names) > 1 || !last) {
		f.refuse("ErrorEquals", "has %q beside or before others: it must stand alone, and last", errorAll)
	}
	if slices.Contains(names, errorRuntime) {
		f.refuse("ErrorEquals", "has %q, which can be neither retried nor caught", errorRuntime)
	}
	return names
}

// matches tells whether an error name is among those of a Retry or Catch. States.ALL spares
// States.DataLimitExceeded and States.Runtime; States.TaskFailed is a wildcard too, for all
// that States.ALL covers but States.Timeout.
func matches(names []string, name string) bool {
	terminal := name == errorDataLimit || name == errorRuntime
	for _, n := range names {
		switch {
		case n == name,
			n == errorAll && !terminal,
			n == errorTaskFailed && !terminal && name != errorTimeout:
			return true
		}
	}
	return false
}

// delay is how long to wait before retry number n, counted from 0. The jitter comes from
// the key alone, so that a run can be made again.
func (r retrier) delay(n int, key uint64) time.Duration {
	// An interval that outgrows what a Duration holds is an eternity either way.
	seconds := min(r.interval.Seconds()*math.Pow(r.rate, float64(n)), 99_999_999)
	d := time.Duration(seconds * float64(time.Second))
	if r.limit > 0 {
		d = min(d, r.limit)
	}
	if r.jitter {
		d = time.Duration(seed.Rand(seed.Derive(key, "retry", n)).Float64() * float64(d))
	}
	return d
}
