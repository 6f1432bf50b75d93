// Package report shows people what Foretell found: the statistics of a data set, its drift and
// history, and the leaderboard of a run, as tables for a terminal, and the statistics as a page.
//
// Its opinion: a table is for reading, not for parsing. Numbers are rounded to what the eye
// takes in, long texts are cut, and the JSON of the same thing has every digit. Tables fit
// the width they are given as far as numbers, which are never cut, allow; of wide data they
// have what matters first, and say how much they leave out. They have no
// color unless asked, so that a pipe or a log gets plain text. What comes from data is shown
// with its control characters replaced: a name in a CSV file cannot write to the terminal.
//
// The page is one file that loads nothing and reads without its script: alerts come first,
// details open when asked for, and what is drawn in color is told by shape or number too.
package report

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Style is how tables look.
type Style struct {
	Width int  // columns of the terminal; 0 means 100, below 80 counts as 80
	Color bool // ANSI colors; false for plain text
}

func (s Style) width() int {
	if s.Width == 0 {
		return 100
	}
	return max(s.Width, 80)
}

// paint colors a text if the style has colors.
func (s Style) paint(content string, colors ...text.Color) string {
	if !s.Color || content == "" {
		return content
	}
	return text.Colors(colors).Sprint(content)
}

// gap is what stands between two columns of a grid.
const gap = 2

// heading names a column of a grid.
type heading struct {
	name  string
	right bool // aligned to the right, as numbers are
	wrap  bool // takes the width that the others leave, in several lines if it must
}

// render writes the rows below their headings, without boxes: lines between columns cost
// width and help nobody. Trailing spaces are cut.
func (s Style) render(w io.Writer, headings []heading, rows [][]string) error {
	t := table.NewWriter()
	style := table.StyleLight
	style.Format.Header = text.FormatDefault
	style.Options = table.OptionsNoBorders
	style.Options.SeparateColumns = false
	style.Box.PaddingLeft = ""
	style.Box.PaddingRight = strings.Repeat(" ", gap)
	t.SetStyle(style)

	header := make(table.Row, len(headings))
	configs := make([]table.ColumnConfig, len(headings))
	for j, h := range headings {
		header[j] = s.paint(h.name, text.Bold)
		configs[j] = table.ColumnConfig{Number: j + 1}
		if h.right {
			configs[j].Align, configs[j].AlignHeader = text.AlignRight, text.AlignRight
		}
		if h.wrap {
			configs[j].WidthMax = max(s.width()-width(headings, rows, j), 20)
			configs[j].WidthMaxEnforcer = text.WrapSoft
		}
	}
	t.SetColumnConfigs(configs)
	t.AppendHeader(header)
	for _, row := range rows {
		cells := make(table.Row, len(row))
		for j := range row {
			cells[j] = row[j]
		}
		t.AppendRow(cells)
	}
	for line := range strings.Lines(t.Render() + "\n") {
		line = strings.TrimRight(line, " \n")
		if rule := strings.TrimLeft(line, style.Box.MiddleHorizontal); rule == "" {
			line = strings.TrimSuffix(line, strings.Repeat(style.Box.MiddleHorizontal, gap))
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// width is what the grid takes without the content of one column.
func width(headings []heading, rows [][]string, without int) int {
	sum := gap * (len(headings) - 1)
	for j, h := range headings {
		if j == without {
			continue
		}
		widest := text.StringWidthWithoutEscSequences(h.name)
		for _, row := range rows {
			widest = max(widest, text.StringWidthWithoutEscSequences(row[j]))
		}
		sum += widest
	}
	return sum
}

// safe is text from data with everything that does not print, line ends and escapes among
// it, replaced by a dot.
func safe(content string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '·'
	}, content)
}

// cut shortens text to at most width columns, the last of them "…" if any was cut.
func cut(content string, width int) string {
	return text.Snip(content, max(width, 1), "…")
}
