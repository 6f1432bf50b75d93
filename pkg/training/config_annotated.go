package training

import (
	"fmt"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/internal/document"
)

// Resolved is the plan's config with what followed from the data filled in too.
func (p *Plan) Resolved() Config {
	c := p.Config
	c.Data.Task, c.Metric = p.Target.Task, p.Metric
	if c.Validation.Test == nil {
		share := c.Validation.testShare(p.Rows + p.Test)
		c.Validation.Test = &share
	}
	return c
}

// Annotated writes a resolved config as YAML, with a comment at each value that says where it
// comes from: the line of the file, a flag (by the keys of data that flags gave), the data, or the
// default. It can be read again, and is then the same run.
func (f *ConfigFile) Annotated(i int, resolved Config, flags []string, file string) ([]byte, error) {
	return document.Emit(resolved, func(pointer string) string {
		if key, below := strings.CutPrefix(pointer, "/data/"); below && slices.Contains(flags, strings.Split(key, "/")[0]) {
			return "by a flag"
		}
		if f.document != nil {
			for _, at := range []string{fmt.Sprintf("/models/%d%s", i, pointer), pointer} {
				if place, ok := f.document.Places[at]; ok && (f.listed || at == pointer) {
					return fmt.Sprintf("%s:%d", file, place.Line)
				}
			}
		}
		switch pointer {
		case "/data/task", "/metric", "/validation/test":
			return "follows from the data"
		case "/configurations":
			return "default for the task"
		case "/data/source", "/data/target":
			return "by the command"
		case "/model":
			return "default: the source's name"
		}
		if strings.Count(pointer, "/") == 2 && !strings.HasPrefix(pointer, "/configurations/") {
			return "default"
		}
		if pointer == "/seed" {
			return "default"
		}
		return ""
	})
}
