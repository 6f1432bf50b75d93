package training

import (
	"strings"

	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/profile/expectation"
)

// checkConstraints compares the data with what the config expects of it: what is broken is a
// gate for each column, and one for what is of no column. What the profile cannot decide
// becomes a warning of the plan.
func (p *Plan) checkConstraints(described *profile.Profile) {
	expected := p.Config.Data.Constraints
	if expected == nil {
		return
	}
	p.violations = expected.Check(described)
	var columns []string
	broken := map[string][]string{}
	for _, v := range p.violations {
		if v.Undecided {
			p.Warnings = append(p.Warnings, "data.constraints: "+v.String())
			continue
		}
		if broken[v.Column] == nil {
			columns = append(columns, v.Column)
		}
		broken[v.Column] = append(broken[v.Column], v.String())
	}
	for _, column := range columns {
		p.block(gateConstraints, column, column, strings.Join(broken[column], "; "), "Mend the data, or expect something else of it in data.constraints")
	}
}

// Broken reports whether the data breaks what data.constraints expects.
func (g *Gates) Broken() bool { return g != nil && expectation.Broken(g.Violations) > 0 }
