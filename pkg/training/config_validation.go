package training

// ValidationConfig says how rows are split.
type ValidationConfig struct {
	// Scheme is kfold (default) or holdout; both keep class shares for classification.
	Scheme string `json:"scheme"`
	// Folds of kfold, 2 to 50. Default 5.
	Folds int `json:"folds,omitempty"`
	// Share of rows that holdout tests on, in (0, 1). Default 0.2.
	Share float64 `json:"share,omitempty"`
	// Test is the share of rows, below 1, that are held out from all trials, to judge the final
	// model on. Default: 0.2 of 1,000 rows and more, 0.1 of 10,000 and more, else 0: none.
	Test *float64 `json:"test,omitempty"`
}

func (v ValidationConfig) resolve() ValidationConfig {
	if v.Scheme == "" {
		v.Scheme = "kfold"
	}
	if v.Scheme == "kfold" && v.Folds == 0 {
		v.Folds = 5
	}
	if v.Scheme == "holdout" && v.Share == 0 {
		v.Share = 0.2
	}
	return v
}

func (v ValidationConfig) faults(l *faultList) {
	if v.Test != nil && !(*v.Test >= 0 && *v.Test < 1) {
		l.add("/validation/test", "want a share from 0 to below 1, got %v", *v.Test)
	}
	switch {
	case v.Scheme == "kfold" && (v.Folds < 2 || v.Folds > 50):
		l.add("/validation/folds", "want 2 to 50, got %d", v.Folds)
	case v.Scheme == "kfold" && v.Share != 0:
		l.add("/validation/share", "belongs to scheme holdout, not kfold")
	case v.Scheme == "holdout" && !(v.Share > 0 && v.Share < 1):
		l.add("/validation/share", "want a share between 0 and 1, got %v", v.Share)
	case v.Scheme == "holdout" && v.Folds != 0:
		l.add("/validation/folds", "belongs to scheme kfold, not holdout")
	case v.Scheme != "kfold" && v.Scheme != "holdout":
		l.add("/validation/scheme", "unknown scheme %q: want kfold or holdout", v.Scheme)
	}
}
