package report

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// LeaderboardRow is one trial of a run.
type LeaderboardRow struct {
	Trial   string
	Learner string
	Params  map[string]any
	Score   float64
	// StandardError of the score, in its unit; 0 or NaN if it is not known.
	StandardError float64
	// Partial says of a trial that had less than the others what it had, like "rung 1 of 3": its
	// score does not compare with theirs, so it has no rank. "" for all others.
	Partial string
	// Failed says why the trial has no score; "" if it has one.
	Failed string

	// Number counts trials in the order in which they were listed, and Seconds and Dollars are
	// what it took, 0 if it was not timed: for the page.
	Number           int
	Seconds, Dollars float64
}

// Leaderboard writes the trials of a run as a table. Rows come best first, those that
// had only a part after them, and those that failed last; the first is marked as the best unless it failed. Metric names the score.
//
// Scores show two digits of the best one's standard error, and all as many behind the
// point, so that digits that say nothing are not there to be compared.
func Leaderboard(w io.Writer, rows []LeaderboardRow, metric string, style Style) error {
	digits := 0
	if len(rows) > 0 {
		digits = scoreDigits(rows[0])
	}
	headings := []heading{
		{name: ""}, {name: "rank", right: true}, {name: "trial"}, {name: "learner"},
		{name: safe(metric), right: true}, {name: "± s.e.", right: true}, {name: "params", wrap: true},
	}
	lines := make([][]string, len(rows))
	for i, r := range rows {
		lines[i] = style.trial(r, i+1, digits)
	}
	return style.render(w, headings, lines)
}

// scoreDigits is the digits behind the point of the score column: two significant ones of
// the standard error, or four of the score without it, but no more than six of the score.
func scoreDigits(r LeaderboardRow) int {
	digits := decimals(r.Score, 4)
	if r.StandardError > 0 && !math.IsInf(r.StandardError, 0) {
		digits = decimals(r.StandardError, 2)
	}
	return min(digits, decimals(r.Score, 6))
}

// trial is the row of one trial, its score with so many digits behind the point.
func (s Style) trial(r LeaderboardRow, rank, digits int) []string {
	if r.Failed != "" {
		reason, _, _ := strings.Cut(strings.TrimSpace(r.Failed), "\n")
		return []string{
			s.paint("✗", text.FgRed), "", safe(r.Trial), safe(r.Learner), s.paint("failed", text.FgRed), "",
			strings.TrimSpace(params(r.Params) + "  " + safe(reason)),
		}
	}
	mark, score, deviation := "", fixed(r.Score, digits), ""
	if r.StandardError > 0 {
		deviation = fixed(r.StandardError, digits)
	}
	if rank == 1 && r.Partial == "" {
		mark, score = s.paint("★", text.FgYellow), s.paint(score, text.Bold, text.FgGreen)
	}
	if r.Partial != "" {
		return []string{"", "", safe(r.Trial), safe(r.Learner), score, deviation, strings.TrimSpace(s.paint(safe(r.Partial), text.Faint) + "  " + params(r.Params))}
	}
	return []string{mark, strconv.Itoa(rank), safe(r.Trial), safe(r.Learner), score, deviation, params(r.Params)}
}

// params is hyperparameters in short: name=value by name.
func params(p map[string]any) string {
	pairs := make([]string, 0, len(p))
	for _, name := range slices.Sorted(maps.Keys(p)) {
		pairs = append(pairs, safe(name)+"="+safe(param(p[name])))
	}
	return strings.Join(pairs, " ")
}

func param(value any) string {
	switch v := value.(type) {
	case float64:
		return strings.ReplaceAll(number(v), ",", "")
	case string:
		return v
	case []any, map[string]any, nil:
		if b, err := json.Marshal(v); err == nil { // sorted keys
			return string(b)
		}
	}
	return fmt.Sprint(value)
}
