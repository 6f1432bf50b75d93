package training

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// ScheduleConfig says when a model is trained again: by the clock, when new data has come, or
// both. With nothing but At it may be written as that text alone.
type ScheduleConfig struct {
	// At is when by the clock: cron(minute hour day month weekday year) or rate(n days), as
	// EventBridge has it. Default: not by the clock.
	At string `json:"at,omitempty"`
	// TimeZone is that of a cron, such as Europe/Zurich. Default: UTC.
	TimeZone string `json:"time_zone,omitempty"`
	// Window is within how long after its time a retrain starts, whole minutes up to 24h, so that
	// many models do not start at once. Default: at its time.
	Window string `json:"window,omitempty"`
	// Retries is how often a start that failed is tried again, 0 to 185. What fails each time ends
	// in the dead letter queue. Default: 3.
	Retries *int `json:"retries,omitempty"`
	// RetryWithin is for how long a start that failed is tried again, 1m to 24h. Default: 1h.
	RetryWithin string `json:"retry_within,omitempty"`
	// OnNewData has the model trained again when files were added to its data set, or replaced.
	// Default: false.
	OnNewData bool `json:"on_new_data,omitempty"`
	// Debounce is how long no more files have to come before that, 5s to 24h: files that come
	// together are one reason. If they never cease to come, it is four times that after the
	// first. In the cloud it may be a minute longer. Default: 15m.
	Debounce string `json:"debounce,omitempty"`
}

// Bounds of a schedule: those of EventBridge Scheduler, and the least that a schedule set now is
// still ahead when it arrives there.
const (
	maxRetries  = 185
	maxWindow   = 24 * time.Hour
	minDebounce = 5 * time.Second

	defaultRetries     = 3
	defaultRetryWithin = time.Hour
	defaultDebounce    = 15 * time.Minute
)

// IsZero reports whether there is no schedule.
func (s ScheduleConfig) IsZero() bool { return s == ScheduleConfig{} }

// MarshalJSON writes the text alone where that says all. So a config of before keeps its bytes, and
// its run the name.
func (s ScheduleConfig) MarshalJSON() ([]byte, error) {
	if s == (ScheduleConfig{At: s.At}) {
		return json.Marshal(s.At)
	}
	type plain ScheduleConfig
	return json.Marshal(plain(s))
}

// UnmarshalJSON reads the text alone, or the mapping.
func (s *ScheduleConfig) UnmarshalJSON(text []byte) error {
	switch text[0] {
	case '"':
		return json.Unmarshal(text, &s.At)
	case '{', 'n': // null is no schedule
		type plain ScheduleConfig
		return json.Unmarshal(text, (*plain)(s))
	}
	return errors.New("schedule: want cron(…), rate(…) or a mapping such as {on_new_data: true}")
}

// Timing are the times and numbers of a schedule, as a scheduler takes them.
type Timing struct {
	Window   time.Duration // 0: none
	Retries  int
	Within   time.Duration // of the retries
	Debounce time.Duration
}

// Timing resolves those of a config without faults.
func (s ScheduleConfig) Timing() Timing {
	or := func(text string, otherwise time.Duration) time.Duration {
		if d, err := time.ParseDuration(text); err == nil {
			return d
		}
		return otherwise
	}
	t := Timing{or(s.Window, 0), defaultRetries, or(s.RetryWithin, defaultRetryWithin), or(s.Debounce, defaultDebounce)}
	if s.Retries != nil {
		t.Retries = *s.Retries
	}
	return t
}

// The outer forms only: the scheduler checks the rest when it takes it.
var (
	scheduleForm = regexp.MustCompile(`^(cron|rate)\([^()]+\)$`)
	zoneForm     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+/-]{0,49}$`)
)

func (s ScheduleConfig) faults(l *faultList) {
	if s.IsZero() {
		return
	}
	if s.At == "" && !s.OnNewData {
		l.add("/schedule", "says neither when (at) nor on_new_data: true")
	}
	if s.At != "" && !scheduleForm.MatchString(s.At) {
		pointer := "/schedule/at"
		if s == (ScheduleConfig{At: s.At}) { // it may be the text alone, which has no keys
			pointer = "/schedule"
		}
		l.add(pointer, "want cron(minute hour day month weekday year) or rate(n days), got %.80q", s.At)
	}
	if s.TimeZone != "" {
		switch {
		case !strings.HasPrefix(s.At, "cron("):
			l.add("/schedule/time_zone", "is that of a cron(…) in at, and there is none")
		case !zoneForm.MatchString(s.TimeZone):
			l.add("/schedule/time_zone", "want a name such as Europe/Zurich, got %.80q", s.TimeZone)
		}
	}
	if s.Window != "" && s.At == "" {
		l.add("/schedule/window", "is after the time in at, and there is none")
	}
	if s.Debounce != "" && !s.OnNewData {
		l.add("/schedule/debounce", "is for on_new_data: true")
	}
	if s.Retries != nil && (*s.Retries < 0 || *s.Retries > maxRetries) {
		l.add("/schedule/retries", "want 0 to %d, got %d", maxRetries, *s.Retries)
	}
	for _, d := range []struct {
		pointer, text string
		least         time.Duration
		minutes       bool
	}{
		{"/schedule/window", s.Window, time.Minute, true},
		{"/schedule/retry_within", s.RetryWithin, time.Minute, false},
		{"/schedule/debounce", s.Debounce, minDebounce, false},
	} {
		if fault := durationFault(d.text, d.least, d.minutes); fault != "" {
			l.add(d.pointer, "%s", fault)
		}
	}
}

// durationFault says what is wrong with a time of a schedule, if it is given.
func durationFault(text string, least time.Duration, minutes bool) string {
	if text == "" {
		return ""
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil || d < least || d > maxWindow:
		return fmt.Sprintf("want a time from %v to 24h such as 15m, got %.80q", least, text)
	case minutes && d%time.Minute != 0:
		return fmt.Sprintf("want whole minutes, got %.80q", text)
	}
	return ""
}
