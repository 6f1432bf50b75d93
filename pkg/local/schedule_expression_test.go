package local

import (
	"strings"
	"testing"
	"time"
)

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestNext walks schedules through the times that the user guide of EventBridge Scheduler
// says they have. Zurich's clocks go from 02:00 to 03:00 on 28 March 2027 and back from
// 03:00 to 02:00 on 31 October 2027; 23 November 2026 is a Monday.
func TestNext(t *testing.T) {
	tests := []struct {
		expression, zone, after string
		want                    []string
	}{
		{"cron(0 3 ? * MON *)", "", "2026-11-22T23:38:00Z", []string{"2026-11-23T03:00:00Z", "2026-11-30T03:00:00Z"}},
		{"cron(0 3 ? * MON *)", "", "2026-11-23T03:00:00Z", []string{"2026-11-30T03:00:00Z"}},
		{"cron( 0   3 ? * 2 * )", "", "2026-11-23T02:59:59.9Z", []string{"2026-11-23T03:00:00Z"}},
		{"cron(0 3 ? * MON *)", "Europe/Zurich", "2026-11-23T00:00:00Z", []string{"2026-11-23T02:00:00Z"}},
		{"cron(0/20 8-9 L * ? *)", "UTC", "2027-02-28T09:20:00Z", []string{"2027-02-28T09:40:00Z", "2027-03-31T08:00:00Z"}},
		{"cron(15 10 ? * 6L 2027)", "", "2027-11-30T00:00:00Z", []string{"2027-12-31T10:15:00Z", ""}},
		{"cron(0 12 29 2 ? *)", "", "2026-11-22T00:00:00Z", []string{"2028-02-29T12:00:00Z", "2032-02-29T12:00:00Z"}},
		// 02:30 does not exist on the 28th: that day is left out.
		{"cron(30 2 * * ? *)", "Europe/Zurich", "2027-03-27T00:00:00Z", []string{"2027-03-27T01:30:00Z", "2027-03-29T00:30:00Z"}},
		{"cron(0 * * * ? *)", "Europe/Zurich", "2027-03-28T00:00:00Z", []string{"2027-03-28T01:00:00Z", "2027-03-28T02:00:00Z"}},
		// 02:30 exists twice on the 31st: it runs once.
		{"cron(30 2 * * ? *)", "Europe/Zurich", "2027-10-30T12:00:00Z", []string{"2027-10-31T00:30:00Z", "2027-11-01T01:30:00Z"}},
		{"rate(90 minutes)", "", "2026-11-22T00:00:00Z", []string{"2026-11-22T10:00:00Z", "2026-11-22T11:30:00Z", "2026-11-22T13:00:00Z"}},
		{"rate(1 day)", "", "2026-11-24T10:00:00Z", []string{"2026-11-25T10:00:00Z"}},
		{"rate(12 hours)", "", "2026-11-24T09:59:59Z", []string{"2026-11-24T10:00:00Z"}},
		{"at(2027-01-31T03:00:00)", "Europe/Zurich", "2026-11-22T00:00:00Z", []string{"2027-01-31T02:00:00Z", ""}},
	}
	since := instant(t, "2026-11-22T10:00:00Z") // when the rates were created
	for _, test := range tests {
		t.Run(test.expression+" "+test.zone, func(t *testing.T) {
			x, err := parseExpression(test.expression, test.zone)
			if err != nil {
				t.Fatal(err)
			}
			at := instant(t, test.after)
			for _, want := range test.want {
				at = x.next(at, since)
				if want == "" {
					if !at.IsZero() {
						t.Errorf("next is %v, want never", at)
					}
				} else if !at.Equal(instant(t, want)) {
					t.Errorf("next is %v, want %s", at.UTC(), want)
				}
			}
		})
	}
}

func TestExpressionErrors(t *testing.T) {
	tests := []struct{ expression, zone, want string }{
		{"", "", "neither cron(…), rate(…) nor at(…)"},
		{"every day", "", "neither cron"},
		{"cron(0 3 * * *)", "", "has 5 fields, not 6"},
		{"cron(0 3 * * * *)", "", "either day-of-month or day-of-week must be '?'"},
		{"cron(0 3 ? * ? *)", "", "cannot be set to both"},
		{"cron(61 3 * * ? *)", "", "minute must be 0-59"},
		{"rate(0 days)", "", "positive number"},
		{"rate(-1 days)", "", "positive number"},
		{"rate(5 weeks)", "", "neither minutes, hours nor days"},
		{"rate(5)", "", "neither minutes, hours nor days"},
		{"at(2027-01-31)", "", "not a time like at(2027-01-31T03:00:00)"},
		{"rate(5 days)", "Europe/Atlantis", `time zone "Europe/Atlantis" is not known`},
		{"rate(5 days)", "Local", `time zone "Local" is not known`},
	}
	for _, test := range tests {
		_, err := parseExpression(test.expression, test.zone)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s in %q gave %v, want %q", test.expression, test.zone, err, test.want)
		}
	}
}

// FuzzExpression holds that no expression makes the parser or the clock panic, and that
// time only goes forward.
func FuzzExpression(f *testing.F) {
	for _, seed := range []string{"cron(0 3 ? * MON *)", "cron(*/5 1,2-4 LW 2/3 ? 2027-2030)", "cron(1 1 ? JAN-MAR 2#3 *)", "rate(7 hours)", "at(2027-01-31T03:00:00)"} {
		f.Add(seed)
	}
	from := time.Date(2026, 11, 22, 23, 38, 14, 5, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		x, err := parseExpression(text, "Europe/Zurich")
		if err != nil {
			return
		}
		if next := x.next(from, from); !next.IsZero() && !next.After(from) {
			t.Errorf("%q is next due at %v, not after %v", text, next, from)
		}
	})
}
