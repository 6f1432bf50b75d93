package report

import (
	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Card is the model card of a version (Mitchell et al. 2019): what it predicts, from what, how good
// it is and on which rows, how it came to be, and where not to trust it. Everything in it was
// recorded or measured by the run; what only people can say, such as what the model is meant
// for, is not.
type Card struct {
	Model   string `json:"model"`
	Version int    `json:"version"`
	Run     string `json:"run"`
	Digest  string `json:"digest"` // SHA-256 of the artifact

	Predicts  CardTarget    `json:"predicts"`
	Inputs    []CardInput   `json:"inputs"`
	Training  CardTraining  `json:"training"`
	Quality   CardQuality   `json:"quality"`
	Selection CardSelection `json:"selection"`
	Verdict   CardVerdict   `json:"verdict"`
	// Importance is of the columns that matter most, greatest first.
	Importance []CardImportance `json:"importance,omitempty"`
	// Limits are where the model is not to be trusted, as far as the run can know.
	Limits   []string `json:"limits"`
	Warnings []string `json:"warnings,omitempty"` // of the run
}

// CardTarget is what a model predicts.
type CardTarget struct {
	Column  string       `json:"column"`
	Task    dataset.Task `json:"task"`
	Classes []string     `json:"classes,omitempty"`
	// Decision says which class is served for the probabilities of a row.
	Decision string `json:"decision,omitempty"`
	// Threshold is the probability of the second class from which on it is served, if it was chosen.
	Threshold *float64 `json:"threshold,omitempty"`
	// Calibration is the method by which probabilities are calibrated, if they are.
	Calibration string `json:"calibration,omitempty"`
	// Coverage is that of the intervals around values, if there are any.
	Coverage float64 `json:"coverage,omitempty"`
}

// CardInput is a column that a model predicts from.
type CardInput struct {
	Column string       `json:"column"`
	Type   dataset.Type `json:"type"`
	// Min and Max are the range of numbers in the data that was learned from. They are left out of
	// columns that look like personal data.
	Min *float64 `json:"min,omitempty"`
	Max *float64 `json:"max,omitempty"`
	// Levels is how many different texts a column of categories had.
	Levels  int     `json:"levels,omitempty"`
	Missing float64 `json:"missing"` // share of the rows
}

// CardTraining is what a model was made from.
type CardTraining struct {
	Source string `json:"source"`
	Data   string `json:"data_digest"` // of the data set's bytes
	Rows   int    `json:"rows"`        // learned from
	// HeldOut is how many rows no trial saw; 0 if none were held out.
	HeldOut int    `json:"held_out_rows"`
	Scheme  string `json:"validation"`
	Folds   int    `json:"folds"`
	Seed    uint64 `json:"seed"`
}

// CardQuality is how good a model is.
type CardQuality struct {
	Metric  string `json:"metric"`
	Greater bool   `json:"greater_is_better"`
	// Tested are the scores on the rows that were held out; absent if there are none.
	Tested []CardScore `json:"tested,omitempty"`
	// Confidence is that of the intervals.
	Confidence float64 `json:"confidence,omitempty"`
	// CrossValidated are the means over the folds. What was chosen by them is a bit worse.
	CrossValidated []CardScore `json:"cross_validated"`
	// StandardError is that of the metric over the folds; 0 if it is not known.
	StandardError float64 `json:"standard_error"`
}

// CardScore is a score by its metric's name, with its interval if there is one.
type CardScore struct {
	Metric string   `json:"metric"`
	Score  float64  `json:"score"`
	Low    *float64 `json:"low,omitempty"`
	High   *float64 `json:"high,omitempty"`
}

// CardSelection is how a model was chosen, and among whom.
type CardSelection struct {
	Strategy string `json:"strategy"`
	Trials   int    `json:"trials"`
	Failed   int    `json:"failed"`
	// Learners are those that were tried, with the best score of each.
	Learners []CardLearner `json:"learners"`
	Members  []CardMember  `json:"members"` // what is served
}

// CardLearner is a learner that was tried.
type CardLearner struct {
	Learner string `json:"learner"`
	Trials  int    `json:"trials"`
	// Best is the best cross-validated score; absent if all of its trials failed.
	Best *float64 `json:"best,omitempty"`
}

// CardMember is a configuration that has a part in a model.
type CardMember struct {
	Learner string         `json:"learner"`
	Params  map[string]any `json:"params,omitempty"`
	Weight  float64        `json:"weight"`
}

// CardVerdict says whether a version became champion, and why.
type CardVerdict struct {
	Promoted bool   `json:"promoted"`
	Reason   string `json:"reason"`
	// Champion is the version it was compared with; 0 if the model had none.
	Champion    int              `json:"champion"`
	Comparisons []CardComparison `json:"comparisons,omitempty"`
}

// CardComparison is how much better a version is than champion on the same rows.
type CardComparison struct {
	On         string  `json:"on"`
	Metric     string  `json:"metric"`
	Score      float64 `json:"score"`
	Champion   float64 `json:"champion"`
	Gain       float64 `json:"gain"` // positive is better
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Confidence float64 `json:"confidence"`
	Rows       int     `json:"rows"`
}

// CardImportance is what the metric loses when a column is shuffled, with a 95 % interval.
type CardImportance struct {
	Column string  `json:"column"`
	Drop   float64 `json:"drop"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}
