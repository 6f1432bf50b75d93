package profile

// Alert is something in the data that a data scientist should look at.
type Alert struct {
	Kind     AlertKind `json:"kind"`
	Severity Severity  `json:"severity"`
	// Columns are the columns that it is about, in the data set's order; empty: all rows.
	Columns []string `json:"columns,omitempty"`
	// Evidence is what was seen, with numbers; Remedy what can be done.
	Evidence string `json:"evidence"`
	Remedy   string `json:"remedy"`
}

// Severity orders alerts: an error makes a model wrong, a warning may make it worse, and info
// is good to know.
type Severity string

// The severities, the most severe first.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
	SeverityInfo    Severity = "info"
)

// AlertKind says what an alert is about.
type AlertKind string

// The kinds of alerts.
const (
	AlertConstant       AlertKind = "constant"
	AlertNearlyConstant AlertKind = "nearly_constant"
	AlertMissing        AlertKind = "mostly_missing"
	AlertCardinality    AlertKind = "high_cardinality"
	AlertIdentifier     AlertKind = "identifier"
	AlertUnnamed        AlertKind = "unnamed"
	AlertInexact        AlertKind = "inexact"
	AlertSkew           AlertKind = "skew"
	AlertOutliers       AlertKind = "outliers"
	AlertInfinite       AlertKind = "infinite"
	AlertMixedTypes     AlertKind = "mixed_types"
	AlertVariants       AlertKind = "text_variants"
	AlertDates          AlertKind = "dates_as_text"
	AlertImbalance      AlertKind = "imbalance"
	AlertDuplicates     AlertKind = "duplicate_rows"
	AlertCorrelated     AlertKind = "correlated"
	AlertLeakage        AlertKind = "target_leakage"
	AlertFuture         AlertKind = "future"
	AlertCap            AlertKind = "capped"
	AlertPersonal       AlertKind = "personal_data"
)
