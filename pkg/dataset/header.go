package dataset

import (
	"errors"
	"fmt"
	"regexp"
)

// nameColumns checks the names of a header, and gives the empty ones those that pandas gives
// them. It writes its row numbers as a first column without a name unless told not to, and
// spreadsheets end each row with a delimiter: such files are many, and what they are called in
// a notebook they should be called here. A first row most of which is empty is a title, though.
func nameColumns(names []string) error {
	seen := make(map[string]int, len(names))
	unnamed := 0
	for i, name := range names {
		if name == "" {
			unnamed++
			continue
		}
		if j := seen[name]; j > 0 {
			return fmt.Errorf("columns %d and %d are both named %s; the first row has to name the columns, each once", j, i+1, quote(name))
		}
		seen[name] = i + 1
	}
	if len(names) == 1 && unnamed == 1 {
		return errors.New("column 1 has no name; the first row has to name the columns")
	}
	if unnamed > len(names)-unnamed {
		return fmt.Errorf("%d of %d columns have no name; the first row has to name the columns", unnamed, len(names))
	}
	for i, name := range names {
		if name != "" {
			continue
		}
		name = fmt.Sprintf("Unnamed: %d", i)
		for n := 1; seen[name] > 0; n++ {
			name = fmt.Sprintf("Unnamed: %d.%d", i, n)
		}
		names[i], seen[name] = name, i+1
	}
	return nil
}

var unnamedForm = regexp.MustCompile(`^Unnamed: [0-9]+(\.[0-9]+)*$`)

// Unnamed reports whether a column has the name that one gets whose header is empty.
func Unnamed(name string) bool { return unnamedForm.MatchString(name) }
