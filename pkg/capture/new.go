package capture

import (
	"fmt"
	"time"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// New makes the recorder that a setting asks for: nil for off, else one that keeps sketches, or
// predictions too. instance is unlike that of any other process, of letters, digits and -.
func New(s registry.Store, instance, setting string, now func() time.Time) (*Recorder, error) {
	r := &Recorder{Store: s, Instance: instance, Now: now}
	switch setting {
	case "off", "":
		return nil, nil
	case "sketches":
	case "predictions":
		r.Keep = KeepPredictions
	default:
		return nil, fmt.Errorf("capture %q is neither off, sketches nor predictions", setting)
	}
	return r, nil
}
