package training

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ServeConfig bounds what may be served. Members of an ensemble that would break a bound are
// passed over; a final model that breaks one is registered and not promoted.
type ServeConfig struct {
	// MaxLatency is of one row in memory, encoded and predicted, such as 2ms. Which members fit
	// is decided by their work and not by a clock, so that a run gives the same model
	// everywhere; the final model is timed. Default: no bound.
	MaxLatency string `json:"max_latency,omitempty"`
	// MaxSize is of the artifact, such as 50MB. Default: 442MiB, a quarter of the predict function's
	// memory, which it has for models: larger ones make it run out.
	MaxSize string `json:"max_size,omitempty"`
}

// defaultMaxSize is what the predict function has for models, in MiB: see serving.RoomIn.
func defaultMaxSize() int64 { return int64(function("predict").MemoryMB) / 4 }

func (c ServeConfig) faults(l *faultList) {
	if _, err := c.latency(); err != nil {
		l.add("/serve/max_latency", "%v", err)
	}
	if _, err := c.size(); err != nil {
		l.add("/serve/max_size", "%v", err)
	}
}

// latency is the bound, or none: longer than anything.
func (c ServeConfig) latency() (time.Duration, error) {
	if c.MaxLatency == "" {
		return math.MaxInt64, nil
	}
	d, err := time.ParseDuration(c.MaxLatency)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("want a time such as 2ms or 500us, got %.80q", c.MaxLatency)
	}
	return d, nil
}

// size is the bound in bytes.
func (c ServeConfig) size() (int64, error) {
	if c.MaxSize == "" {
		return defaultMaxSize() << 20, nil
	}
	text := strings.TrimSpace(c.MaxSize)
	for _, unit := range []struct {
		name  string
		bytes float64
	}{{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}} {
		number, found := strings.CutSuffix(text, unit.name)
		if n, err := strconv.ParseFloat(strings.TrimSpace(number), 64); found && err == nil && n > 0 && n*unit.bytes < 1<<60 {
			return int64(float64(n * unit.bytes)), nil
		}
	}
	return 0, fmt.Errorf("want a size such as 50MB or 10MiB, got %.80q", c.MaxSize)
}
