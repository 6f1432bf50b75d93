package training

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestSchedules: a text is when, a mapping says more, and what is not given has a default.
func TestSchedules(t *testing.T) {
	for text, want := range map[string]Timing{
		"rate(1 day)": {0, 3, time.Hour, 15 * time.Minute},
		"{at: cron(0 3 * * ? *), time_zone: Europe/Zurich, window: 90m, retries: 0, retry_within: 24h}": {90 * time.Minute, 0, 24 * time.Hour, 15 * time.Minute},
		"{on_new_data: true, debounce: 5s}": {0, 3, time.Hour, 5 * time.Second},
		"{on_new_data: true, retries: 185}": {0, 185, time.Hour, 15 * time.Minute},
		"null":                              {0, 3, time.Hour, 15 * time.Minute},
	} {
		c := parse(t, "data: {source: a.csv, target: y}\nschedule: "+text)
		if got := c.Schedule.Timing(); got != want || c.Schedule.IsZero() != (text == "null") {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
		if err := fits(t, compiledSchema(t), "data: {source: a.csv, target: y}\nschedule: "+text); err != nil {
			t.Error(err)
		}
		// What is stored is read as it was.
		stored, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if text == "rate(1 day)" && !strings.Contains(string(stored), `"schedule":"rate(1 day)"`) || text == "null" && strings.Contains(string(stored), "schedule") {
			t.Errorf("%s is stored as %s", text, stored)
		}
		var again Config
		if err := json.Unmarshal(stored, &again); err != nil || again.Schedule.Timing() != want || again.Schedule.At != c.Schedule.At || again.Schedule.OnNewData != c.Schedule.OnNewData {
			t.Errorf("%s read again: %+v, %v", text, again.Schedule, err)
		}
	}
}

func TestSchedulesRefused(t *testing.T) {
	for text, want := range map[string][]string{
		"daily":          {"/schedule: want cron("},
		"{at: at(noon)}": {"/schedule: want cron("},
		"{window: 5m}":   {"/schedule: says neither", "/schedule/window: is after"},
		"{at: rate(1 day), time_zone: UTC, debounce: 1m, retry_within: 0s}":    {"/schedule/time_zone: is that of a cron", "/schedule/debounce: is for on_new_data", "/schedule/retry_within: want a time from 1m0s"},
		"{at: cron(0 3 * * ? *), time_zone: 'a b', window: 90s, retries: 186}": {"/schedule/time_zone: want a name", "/schedule/window: want whole minutes", "/schedule/retries: want 0 to 185"},
		"{on_new_data: true, debounce: 4s}":                                    {"/schedule/debounce: want a time from 5s to 24h"},
		"{on_new_data: true, debounce: 25h}":                                   {"/schedule/debounce: want a time from 5s to 24h"},
		"{on_new_dat: true}":                                                   {`/schedule/on_new_dat: unknown key; did you mean "on_new_data"?`},
		"{on_new_data: 1}":                                                     {"/schedule/on_new_data: want true or false"},
		"[rate(1 day)]":                                                        {"want cron(…), rate(…) or a mapping"},
		"3":                                                                    {"want cron(…), rate(…) or a mapping"},
	} {
		_, err := ParseConfig([]byte("data: {source: a.csv, target: y}\nschedule: " + text))
		var faulty *ConfigError
		if !errors.As(err, &faulty) {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if len(faulty.Faults) != len(want) {
			t.Errorf("%s: %v, want %d faults", text, err, len(want))
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %v lacks %q", text, err, part)
			}
		}
	}
}

// TestScheduleNamesNoRun: a config with another schedule, or with none, is the run that there is.
func TestScheduleNamesNoRun(t *testing.T) {
	e := engine(t)
	var runs []RunID
	for i, more := range []string{"", "schedule: rate(7 days)\n", "schedule: {on_new_data: true, debounce: 1m}\n"} {
		run, created, err := e.Submit(ctx, parse(t, penguins+more))
		if err != nil || created != (i == 0) {
			t.Errorf("%q: created %v, %v", more, created, err)
		}
		retrain, err := e.Retrain(ctx, parse(t, penguins+more))
		if err != nil || retrain.Run != run || retrain.Created {
			t.Errorf("%q: %s by hand, %+v by the schedule, %v", more, run, retrain, err)
		}
		if runs = append(runs, run); run != runs[0] {
			t.Errorf("%q: run %s, want %s", more, run, runs[0])
		}
	}
	other := parse(t, penguins)
	other.Seed++
	if run, created, err := e.Submit(ctx, other); err != nil || !created || run == runs[0] {
		t.Errorf("with another seed: %s, %v, %v", run, created, err)
	}
}
