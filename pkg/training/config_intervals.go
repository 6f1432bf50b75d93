package training

// IntervalsConfig asks for an interval of each predicted value.
type IntervalsConfig struct {
	// Coverage is the share of intervals that hold the true value, between 0.5 and 1, such as
	// 0.9. Default 0: no intervals.
	Coverage float64 `json:"coverage,omitempty"`
	// Method is conformal (default): the prediction plus the residuals out of fold, in bands by
	// what is predicted; or cv+: the residuals around what the model of each fold predicts, which
	// wants ensemble.bagged, and folds that test each row once.
	Method string `json:"method,omitempty"`
}

const (
	intervalsConformal = "conformal"
	intervalsCVPlus    = "cv+"
)

func (c Config) intervalsFaults(l *faultList) {
	i := c.Intervals
	if i.Coverage != 0 && !(i.Coverage >= 0.5 && i.Coverage < 1) {
		l.add("/intervals/coverage", "want 0.5 to below 1, such as 0.9, got %v", i.Coverage)
	}
	switch i.Method {
	case "", intervalsConformal:
	case intervalsCVPlus:
		if !c.Ensemble.Bagged {
			l.add("/intervals/method", "cv+ asks the models of the folds: it wants ensemble: {bagged: true}")
		}
		switch c.Validation.Scheme {
		case schemeRepeated, schemeTime, schemeHoldout:
			l.add("/intervals/method", "cv+ wants folds that test each row once, such as kfold; validation is %s", c.Validation.Scheme)
		}
	default:
		l.add("/intervals/method", "unknown method %q: want %s or %s", i.Method, intervalsConformal, intervalsCVPlus)
	}
	if i.Method != "" && i.Coverage == 0 {
		l.add("/intervals/method", "says how intervals are made, and there are none without coverage")
	}
}
