package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/foretell-ml/foretell/pkg/report"
	"github.com/foretell-ml/foretell/pkg/training"
)

// terminalStyle fits tables to where they are written: the terminal's width and colors, or
// plain text for a pipe.
func terminalStyle(w io.Writer) report.Style {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			return report.Style{Width: min(width, 140), Color: os.Getenv("NO_COLOR") == ""}
		}
	}
	return report.Style{}
}

// bar shows how many of a number of things are done: as a bar in a terminal, as a line now
// and then in a log. It is safe for concurrent use.
type bar struct {
	mu    sync.Mutex
	title string
	w     io.Writer
	total int
	shown int // last count shown in a log
	bar   *progressbar.ProgressBar
}

func newBar(w io.Writer, title string) *bar { return &bar{w: w, title: title, shown: 0} }

// set shows that done of total things are done.
func (b *bar) set(done, total int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if total == 0 {
		return
	}
	b.total = total
	if f, ok := b.w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		if b.bar == nil {
			b.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(b.w), progressbar.OptionSetDescription(b.title),
				progressbar.OptionShowCount(), progressbar.OptionSetWidth(40), progressbar.OptionThrottle(50*time.Millisecond),
				progressbar.OptionSetElapsedTime(true), progressbar.OptionOnCompletion(func() { fmt.Fprintln(b.w) }))
		}
		_ = b.bar.Set(done) // drawing fails only if the terminal is gone
		return
	}
	if step := (total + 5) / 6; done == total && b.shown != done || done >= b.shown+step {
		b.shown = done
		fmt.Fprintf(b.w, "%s %d of %d\n", b.title, done, total)
	}
}

// readingBar shows how much of some files has been read, in a terminal and if it takes long
// enough to be read itself; nothing in a log. It is safe for concurrent use.
type readingBar struct {
	mu    sync.Mutex
	title string
	w     io.Writer // nil if it is no terminal
	began time.Time
	bar   *progressbar.ProgressBar
}

// patience is how long a reading may take before it shows.
const patience = 400 * time.Millisecond

func newReadingBar(w io.Writer, title string) *readingBar {
	if f, ok := w.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		w = nil
	}
	return &readingBar{w: w, title: title, began: time.Now()}
}

// set shows that read of total bytes are read; a total of -1 is unknown.
func (b *readingBar) set(read, total int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.w == nil {
		return
	}
	if b.bar == nil { // from the start, or it would take the bytes so far for those of a moment
		b.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(b), progressbar.OptionSetDescription(b.title),
			progressbar.OptionShowBytes(true), progressbar.OptionSetWidth(40), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish())
	}
	_ = b.bar.Set64(read) // drawing fails only if the terminal is gone
}

// Write draws the bar, once it is time to.
func (b *readingBar) Write(p []byte) (int, error) {
	if time.Since(b.began) < patience {
		return len(p), nil
	}
	return b.w.Write(p)
}

// close takes the bar off the screen, before anything else is printed.
func (b *readingBar) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bar != nil {
		_ = b.bar.Clear()
	}
	b.w = nil
}

// printLeaderboard shows the standings of a run.
func printLeaderboard(w io.Writer, board training.Leaderboard, style report.Style) error {
	rows := make([]report.LeaderboardRow, len(board.Standings))
	for i, s := range board.Standings {
		params := s.Params
		if len(s.Features) > 0 {
			features := map[string]any{}
			for column, method := range s.Features {
				features[column] = method
			}
			params = map[string]any{"features": features}
			maps.Copy(params, s.Params)
		}
		rows[i] = report.LeaderboardRow{Trial: s.Trial, Learner: s.Learner, Params: params,
			Score: s.Score, StandardError: s.StandardError, Failed: s.Error}
		if !s.Rung.Top() {
			rows[i].Partial = s.Rung.String()
		}
	}
	return report.Leaderboard(w, rows, board.Metric, style)
}
