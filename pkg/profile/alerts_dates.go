package profile

import (
	"fmt"
	"strings"
)

// writtenDate is a date in a form other than ISO 8601's, by its parts in the order of the text.
type writtenDate struct {
	sign  byte // between the parts
	parts [3]int
	year  int // which of the parts it is: 0 or 2
}

// dateOf reads such a date, perhaps with a time behind it: 31/12/2025, 31.12.2025 10:30, 2025/12/31.
// The year has four digits, or two behind slashes: 1.2.14 is a version. ok says that it is one.
func dateOf(s string) (d writtenDate, ok bool) {
	s, clock, _ := strings.Cut(strings.TrimSpace(s), " ")
	if clock != "" && !strings.Contains(clock, ":") {
		return d, false
	}
	at := strings.IndexAny(s, "/.-")
	if at < 0 {
		return d, false
	}
	d.sign, d.year = s[at], 2
	texts := strings.Split(s, s[at:at+1])
	if len(texts) != len(d.parts) {
		return d, false
	}
	if len(texts[0]) == 4 {
		d.year = 0
	}
	for i, text := range texts {
		least, most := 1, 2
		if i == d.year {
			if least, most = 4, 4; d.sign == '/' && len(text) == 2 {
				least = 2
			}
		}
		if len(text) < least || len(text) > most {
			return d, false
		}
		for _, c := range []byte(text) {
			if c < '0' || c > '9' {
				return d, false
			}
			d.parts[i] = 10*d.parts[i] + int(c-'0')
		}
		if i != d.year && (d.parts[i] < 1 || d.parts[i] > 31) {
			return d, false
		}
	}
	first, second := d.parts[(d.year+1)%3], d.parts[(d.year+2)%3]
	return d, (first <= 12 || second <= 12) && (d.year == 2 || d.sign != '-')
}

// mostlyDates is the share of the frequent values that make a column of texts one of dates.
const mostlyDates = 0.9

// dates finds texts that are dates in a form that is not read, by the frequent ones, and says
// whether they are. In which order day and month stand is told from those that are beyond 12.
func (j *judge) dates(i int, c *Column) bool {
	rows, dates, dayFirst, monthFirst, yearFirst := 0, 0, 0, 0, 0
	var shown []Value
	for _, v := range c.Top {
		rows += v.Count
		d, ok := dateOf(v.Value)
		if !ok {
			continue
		}
		dates += v.Count
		shown = append(shown, v)
		switch {
		case d.year == 0:
			yearFirst++
		case d.parts[0] > 12:
			dayFirst++
		case d.parts[1] > 12:
			monthFirst++
		}
	}
	if dates == 0 || float64(dates) < mostlyDates*float64(rows) {
		return false
	}
	form, hint := "day and month in an order that these do not tell", "dayfirst=True or False"
	switch {
	case yearFirst > 0:
		form, hint = "year, month, day", "yearfirst=True"
	case dayFirst > 0 && monthFirst == 0:
		form, hint = "day, month, year", "dayfirst=True"
	case monthFirst > 0 && dayFirst == 0:
		form, hint = "month, day, year", "dayfirst=False"
	}
	j.about(i, AlertDates, SeverityWarning, float64(dates), fmt.Sprintf("look like dates (%s), and are read as %s: %s", form, c.Type, c.examples(shown)),
		"Write them as 2025-12-31 at the source (SQL: to_char(…, 'YYYY-MM-DD'); pandas: to_datetime(…, "+hint+")): read as a moment, a date tells training its year, season and weekday, as a text nothing about days to come")
	return true
}
