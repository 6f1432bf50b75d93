package profile

// MaxPatterns is how many patterns of missing values a profile keeps.
const MaxPatterns = 20

// Pattern is a set of columns that are missing in the same rows, and no others with them.
type Pattern struct {
	Columns []string `json:"columns"` // in the data set's order
	Count   int      `json:"count"`
	Error   int      `json:"error,omitempty"` // by how much Count may be too low; 0: exact
}
