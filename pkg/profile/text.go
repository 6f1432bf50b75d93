package profile

import (
	"math"
	"unicode"
	"unicode/utf8"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// summarizeTexts describes the texts of a coded column, of which level i is in counts[i]
// rows; nil if there are none.
func summarizeTexts(c *dataset.Column, counts []int) *TextSummary {
	s := &TextSummary{MinLength: math.MaxInt}
	rows, total := 0, 0
	for level, n := range counts {
		if n == 0 {
			continue
		}
		length := utf8.RuneCountInString(c.Levels[level])
		s.MinLength, s.MaxLength = min(s.MinLength, length), max(s.MaxLength, length)
		rows += n
		total += length * n
		for _, r := range c.Levels[level] {
			switch {
			case unicode.IsLetter(r):
				s.Characters.Letters += n
			case unicode.IsDigit(r):
				s.Characters.Digits += n
			case unicode.IsSpace(r):
				s.Characters.Spaces += n
			default:
				s.Characters.Other += n
			}
		}
	}
	if rows == 0 {
		return nil
	}
	s.MeanLength = float64(total) / float64(rows)
	return s
}
