package serving

import (
	"errors"
	"fmt"
	"strings"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/internal/jsontext"
)

// fromJSONLines reads one row a line, each as an element of instances would be. Blank lines are
// skipped.
func fromJSONLines(body string, redact bool) fill {
	return func(d *rows) error {
		var lines []int // of each row
		d.place = func(row int, column string) (at place) {
			if row < len(lines) {
				at.line = lines[row]
			}
			at.pointer = d.inRow(row, column)
			return at
		}
		number := 0
		for line := range strings.Lines(strings.TrimPrefix(body, "\ufeff")) {
			number++
			if strings.TrimSpace(line) == "" {
				continue
			}
			lines = append(lines, number)
			if err := d.add(); err != nil {
				return err
			}
			r := jsontext.NewReader(line)
			err := d.record(r)
			if err == nil {
				err = r.End()
			}
			if syntax := new(jsontext.SyntaxError); errors.As(err, &syntax) {
				if redact {
					return gateway.InvalidJSON.New(fmt.Sprintf("line %d is not JSON", number))
				}
				return gateway.InvalidJSON.New(fmt.Sprintf("line %d, column %d: %s%s", number, syntax.Offset+1, syntax.Detail, noNumber(line, syntax.Offset)))
			} else if err != nil {
				return err
			}
		}
		return nil
	}
}
