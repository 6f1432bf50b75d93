package dataset

// pow10 are the powers of ten that a float64 holds exactly.
var pow10 = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// parseNumberBytes is parseNumber, straight from bytes for the numbers that data files are
// made of: up to 19 digits whose integer is below 2^53, times or divided by a power of ten up
// to 10^22. Both are exact then, and the one operation rounds once (Clinger, PLDI 1990). All
// others go the long way. leading allows a zero before another digit.
func parseNumberBytes(b []byte, leading bool) (float64, bool) {
	i, negative := 0, false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative = b[0] == '-'
		i = 1
	}
	if !leading && i+1 < len(b) && b[i] == '0' && b[i+1]-'0' <= 9 {
		return 0, false
	}
	start, mantissa := i, uint64(0)
	for i < len(b) && b[i]-'0' <= 9 {
		mantissa = mantissa*10 + uint64(b[i]-'0')
		i++
	}
	count, fraction := i-start, 0
	if i < len(b) && b[i] == '.' {
		i++
		point := i
		for i < len(b) && b[i]-'0' <= 9 {
			mantissa = mantissa*10 + uint64(b[i]-'0')
			i++
		}
		fraction = i - point
		count += fraction
	}
	if i != len(b) || count == 0 || count > 19 || mantissa >= 1<<53 || fraction >= len(pow10) {
		return parseNumber(string(b)) // an exponent, too many digits, inf, or no number
	}
	v := float64(mantissa)
	if fraction > 0 {
		v /= pow10[fraction]
	}
	if negative {
		v = -v
	}
	return v, true
}

// parseTimestampBytes is parseTimestamp, straight from bytes for the usual forms: a date,
// and a date with a time to the second, with or without Z.
func parseTimestampBytes(b []byte) (float64, bool) {
	if len(b) < 10 || b[4] != '-' || b[7] != '-' {
		return 0, false
	}
	if n := len(b); n == 10 || (n == 19 || n == 20 && b[19] == 'Z') && (b[10] == 'T' || b[10] == ' ') && b[13] == ':' && b[16] == ':' {
		year, ok1 := twoDigits(b[0:])
		century, ok2 := twoDigits(b[2:])
		month, ok3 := twoDigits(b[5:])
		day, ok4 := twoDigits(b[8:])
		ok := ok1 && ok2 && ok3 && ok4
		hour, minute, second := 0, 0, 0
		if n > 10 {
			var ok5, ok6, ok7 bool
			hour, ok5 = twoDigits(b[11:])
			minute, ok6 = twoDigits(b[14:])
			second, ok7 = twoDigits(b[17:])
			ok = ok && ok5 && ok6 && ok7
		}
		// Days that not every month has are left to the long way.
		if ok && 1 <= month && month <= 12 && 1 <= day && day <= 28 && hour < 24 && minute < 60 && second < 60 {
			days := daysSinceEpoch(year*100+century, month, day)
			return float64((int64(days)*86400 + int64(hour*3600+minute*60+second)) * 1e6), true
		}
	}
	return parseTimestamp(string(b))
}

// twoDigits is the number that the first two bytes write.
func twoDigits(b []byte) (int, bool) {
	high, low := b[0]-'0', b[1]-'0'
	return int(high)*10 + int(low), high <= 9 && low <= 9
}

// daysSinceEpoch counts the days from 1970-01-01 in the Gregorian calendar, years 0 to 9999,
// with years that begin in March so that the leap day is their last.
func daysSinceEpoch(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	leaps := floorDiv(year, 4) - floorDiv(year, 100) + floorDiv(year, 400)
	return 365*year + leaps + (153*(month-3)+2)/5 + day - 1 - 719468
}

func floorDiv(a, b int) int {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

// parseBytes is ParseValue for trimmed bytes of a declared type.
func parseBytes(t Type, b []byte) (v float64, err error) {
	ok := false
	switch t {
	case Numeric:
		v, ok = parseNumberBytes(b, true)
	case Timestamp:
		v, ok = parseTimestampBytes(b)
	}
	if ok {
		return v, nil
	}
	return ParseValue(t, string(b))
}
