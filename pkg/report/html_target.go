package report

import (
	"fmt"

	"github.com/foretell-ml/foretell/pkg/profile"
)

// targetView is how the columns go with the target.
type targetView struct {
	Column      linked
	Rows        string
	Relations   []relationView
	More        int
	Nothing     []linked // the columns that tell nothing of it
	NothingMore string
}

type relationView struct {
	Name               linked
	Share, Width, Note string
}

func viewTarget(t *profile.Target, at positioned) *targetView {
	if t == nil {
		return nil
	}
	v := &targetView{Column: at.link(t.Column), Rows: count(t.Rows)}
	var nothing []string
	for _, r := range t.Relations {
		if r.Information == 0 && (r.Missing == nil || *r.Missing < 0.01) {
			nothing = append(nothing, r.Column)
			continue
		}
		if len(v.Relations) == maxRelated {
			v.More++
			continue
		}
		view := relationView{Name: at.link(r.Column), Share: told(r.Share), Width: fixed2(100 * min(max(r.Share, 0), 1)), Note: nats(r.Information)}
		if r.Missing != nil && *r.Missing >= 0.01 {
			view.Note += ", whether it is missing tells " + told(*r.Missing)
		}
		if r.Pair != nil {
			if m := measures(r.Pair); m != "" {
				view.Note += ", " + m
			}
		}
		v.Relations = append(v.Relations, view)
	}
	v.Nothing, v.NothingMore = at.some(nothing, 12)
	return v
}

// told is a share of information with one digit behind the point.
func told(v float64) string {
	if v > 0 && v < 0.0005 {
		return "<0.1%"
	}
	return fmt.Sprintf("%.1f%%", 100*v)
}

// nats is an amount of information.
func nats(v float64) string {
	if v > 0 && v < 0.0005 {
		return "<0.001 nats"
	}
	return fmt.Sprintf("%.3f nats", v)
}
