package capture

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// New makes the recorder that a setting asks for: nil for off, else one that keeps sketches, or
// predictions too, or rows too, those of all requests or, as rows:0.1, of a share. instance is unlike
// that of any other process, of letters, digits and -.
func New(s registry.Store, instance, setting string, now func() time.Time) (*Recorder, error) {
	r := &Recorder{Store: s, Instance: instance, Now: now}
	kind, share, shared := strings.Cut(setting, ":")
	switch {
	case kind == "rows":
		r.Keep, r.Share = KeepRows, 1
		if !shared {
			return r, nil
		}
		var err error
		if r.Share, err = strconv.ParseFloat(share, 64); err != nil || !(r.Share > 0 && r.Share <= 1) {
			return nil, fmt.Errorf("capture %q: want a share of the requests above 0 and up to 1, such as rows:0.1", setting)
		}
		return r, nil
	case shared:
	case kind == "off", kind == "":
		return nil, nil
	case kind == "sketches":
		return r, nil
	case kind == "predictions":
		r.Keep = KeepPredictions
		return r, nil
	}
	return nil, fmt.Errorf("capture %q is neither off, sketches, predictions, rows nor rows with a share, such as rows:0.1", setting)
}
