package profile

import (
	"fmt"
	"math"
)

// quoted shows a column's name or a value in a sentence.
func quoted(text string) string {
	const longest = 40
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest-1]) + "…"
	}
	return fmt.Sprintf("%q", text)
}

// percent shows a share so that it is never said to be none or all when it is not.
func percent(share float64) string {
	switch {
	case share > 0 && share < 0.0001:
		return "less than 0.01 %"
	case share < 1 && share > 0.9999:
		return "more than 99.99 %"
	}
	return fmt.Sprintf("%.4g %%", math.Round(share*1e4)/100)
}
