package local

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones by name, also where the system has no list of them

	"github.com/winebarrel/cronplan"
)

// expression is when a schedule is due: one of cron, rate or at.
type expression struct {
	cron *cronplan.Expression
	rate time.Duration
	at   time.Time
	zone *time.Location // of cron and at
}

var expressionForm = regexp.MustCompile(`^(cron|rate|at)\((.*)\)$`)

// parseExpression reads cron(minute hour day-of-month month day-of-week year), rate(n
// minutes|hours|days) or at(yyyy-mm-ddThh:mm:ss). Zone is an IANA name; "" is UTC.
func parseExpression(text, zone string) (x expression, err error) {
	if x.zone, err = time.LoadLocation(zone); err != nil || zone == "Local" {
		return x, fmt.Errorf("time zone %q is not known: use a name like Europe/Zurich", zone)
	}
	parts := expressionForm.FindStringSubmatch(text)
	if parts == nil {
		return x, fmt.Errorf("%q is neither cron(…), rate(…) nor at(…)", text)
	}
	inner := strings.TrimSpace(parts[2])
	switch parts[1] {
	case "cron":
		x.cron, err = parseCron(inner)
	case "rate":
		x.rate, err = parseRate(inner)
	default:
		if x.at, err = time.ParseInLocation("2006-01-02T15:04:05", inner, x.zone); err != nil {
			err = fmt.Errorf("%q is not a time like at(2027-01-31T03:00:00)", text)
		}
	}
	return x, err
}

func parseCron(inner string) (*cronplan.Expression, error) {
	fields := strings.Fields(inner)
	if len(fields) != 6 {
		return nil, fmt.Errorf("cron(%s) has %d fields, not 6: minute hour day-of-month month day-of-week year, like cron(0 3 ? * MON *)", inner, len(fields))
	}
	cron, err := cronplan.Parse(strings.Join(fields, " "))
	if err != nil {
		return nil, fmt.Errorf("cron(%s): %w", inner, err)
	}
	return cron, nil
}

func parseRate(inner string) (time.Duration, error) {
	count, unit, _ := strings.Cut(inner, " ")
	n, err := strconv.ParseUint(count, 10, 20) // a million days
	if err != nil || n == 0 {
		return 0, fmt.Errorf("rate(%s) does not begin with a positive number, like rate(12 hours)", inner)
	}
	units := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
	one, ok := units[strings.TrimSuffix(strings.TrimSpace(unit), "s")]
	if !ok {
		return 0, fmt.Errorf("rate(%s) ends in neither minutes, hours nor days", inner)
	}
	return time.Duration(n) * one, nil
}

// next is the first time after t that is due, or the zero time. A rate counts from since,
// which is its first time. Of cron, a time that the clocks skip in spring is skipped, and
// one that they show twice in autumn comes once, the first time, as on AWS.
func (x expression) next(t, since time.Time) time.Time {
	switch {
	case x.cron != nil:
		return x.nextCron(t)
	case x.rate > 0:
		if t.Before(since) {
			return since
		}
		return since.Add((t.Sub(since)/x.rate + 1) * x.rate)
	case x.at.After(t):
		return x.at
	}
	return time.Time{}
}

// nextCron walks along the wall clock, written as if it were UTC: the cron library counts
// wrong on the days when a zone's clocks change.
func (x expression) nextCron(t time.Time) time.Time {
	local := t.In(x.zone)
	wall := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, time.UTC)
	for {
		wall = x.cron.Next(wall.Add(time.Minute))
		if wall.IsZero() {
			return time.Time{}
		}
		due := onWall(wall, x.zone)
		skipped := due.Hour() != wall.Hour() || due.Minute() != wall.Minute()
		if !skipped && due.After(t) {
			return due
		}
	}
}

// onWall is when a zone's clocks first show a time. time.Date says of a time that is shown
// twice that it gives either.
func onWall(wall time.Time, zone *time.Location) time.Time {
	due := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, zone)
	_, now := due.Zone()
	_, before := due.Add(-3 * time.Hour).Zone()
	first := due.Add(time.Duration(now-before) * time.Second) // as the zone was before it changed
	if first.Before(due) && first.Hour() == due.Hour() && first.Minute() == due.Minute() {
		return first
	}
	return due
}
