package training

import (
	"fmt"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/internal/nearest"
)

// maxAccept is how many gates a config may accept: who accepts more accepts everything.
const maxAccept = 100

// acceptFaults checks the names of gates.
func (c Config) acceptFaults(l *faultList) {
	if n := len(c.Accept); n > maxAccept {
		l.add("/accept", "want %d at most, got %d", maxAccept, n)
		return
	}
	kinds := []string{gateConstraints, gateLeakage, gateClasses, gateRows, gateTarget}
	for i, name := range c.Accept {
		pointer := fmt.Sprintf("/accept/%d", i)
		kind, of, has := strings.Cut(name, ":")
		switch {
		case !slices.Contains(kinds, kind):
			l.add(pointer, "%q is nothing that blocks a run%s: want constraints, leakage:<column>, classes:<class>, rows or target", name, nearest.Hint(kind, kinds))
		case kind == gateLeakage && of == "":
			l.add(pointer, "want leakage:<column>: each leak is accepted by itself")
		case has && (of == "" || kind == gateRows || kind == gateTarget):
			l.add(pointer, "want %s, got %q", kind, name)
		case slices.Contains(c.Accept[:i], name):
			l.add(pointer, "%q is named twice", name)
		}
	}
}
