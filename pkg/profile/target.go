package profile

// Target says how the other columns go with the column to be predicted.
type Target struct {
	Column string `json:"column"`
	Rows   int    `json:"rows"` // as in Pairs
	// Relations are in order of Information, greatest first.
	Relations []Relation `json:"relations"`
}

// Relation is how one column goes with the target.
type Relation struct {
	Column string `json:"column"`
	// Information is the mutual information with the target in nats, numbers in at most 20
	// bins of equal frequency and rare categories pooled, less the bias of small samples
	// (Miller and Madow 1955), at least 0. Share is Information over the entropy of the target
	// in the rows that have both: 1 means that the column alone tells the target.
	Information float64 `json:"mutual_information"`
	Share       float64 `json:"share"`
	// Missing is the same Share for whether the column has a value: 1 means that it is filled
	// for some targets only. Absent if it is always or never filled.
	Missing *float64 `json:"missing_share,omitempty"`
	Pair    *Pair    `json:"pair,omitempty"`
}
