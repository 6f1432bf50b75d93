package main

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// screen redraws some lines of a terminal in place. It is not safe for concurrent use.
type screen struct {
	w             io.Writer
	width, height int // of the terminal when it was opened; lines beyond are cut
	lines         int // drawn last
}

// newScreen is nil if w is no terminal.
func newScreen(w io.Writer) *screen {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	width, height, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 20 || height < 4 {
		return nil
	}
	return &screen{w: w, width: width, height: height}
}

// draw replaces what was drawn before. The text has no colors: it is cut to the width, as a line
// that wraps would take two.
func (s *screen) draw(text string) {
	var b strings.Builder
	s.back(&b)
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	lines = lines[:min(len(lines), s.height-1)]
	for _, line := range lines {
		b.WriteString(cut(line, s.width-1) + "\n")
	}
	s.lines = len(lines)
	_, _ = io.WriteString(s.w, b.String()) // fails only if the terminal is gone
}

// clear takes what was drawn off the screen.
func (s *screen) clear() {
	var b strings.Builder
	s.back(&b)
	s.lines = 0
	_, _ = io.WriteString(s.w, b.String())
}

// back moves to where the drawing begins, and clears from there.
func (s *screen) back(b *strings.Builder) {
	b.WriteString(strings.Repeat("\x1b[A", s.lines))
	b.WriteString("\r\x1b[J")
}

// cut shortens a line to some characters.
func cut(line string, width int) string {
	if utf8.RuneCountInString(line) <= width {
		return line
	}
	return string([]rune(line)[:width-1]) + "…"
}

// gauge is a bar of some characters of which a share is full.
func gauge(done, total, width int) string {
	full := 0
	if total > 0 {
		full = min(width, width*done/total)
	}
	return strings.Repeat("█", full) + strings.Repeat("░", width-full)
}
