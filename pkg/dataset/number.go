package dataset

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// pow10 are the powers of ten that a float64 holds exactly.
var pow10 = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// Eight bytes as a little-endian word: the first byte of the text is the lowest.
const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
	zeros    = 0x3030303030303030 // "00000000"
	points   = 0x2e2e2e2e2e2e2e2e // "........"
)

// parseNumberIn is parseNumberBytes for data[start:end], without a branch per digit: the
// numbers of a column differ in length, and a loop that ends at another digit each time is
// mispredicted each time. ok is false for every text that it does not decide: exponents,
// leading zeros, more than 16 characters behind the sign, and what is no number.
//
// The text is right-aligned in two words of eight characters, high and low, filled up with
// zeros from the left; a point is taken out by shifting what is before it over it. Then all 16
// characters have to be digits, which three multiplications turn into a number. It is exact,
// and so is the power of ten, so that the one division rounds once (Clinger, PLDI 1990).
func parseNumberIn(data []byte, start, end int) (v float64, ok bool) {
	if start >= end || end < 16 || end > len(data) {
		return 0, false
	}
	first := data[start]
	negative := first == '-'
	if negative || first == '+' {
		start++
	}
	n := uint(end - start)
	if n-1 >= 16 {
		return 0, false
	}
	tail := (*[16]byte)(data[end-16 : end])
	if lead := tail[16-n]; n > 1 && lead == '0' && tail[(17-n)&15] != '.' || n == 1 && lead == '.' {
		return 0, false
	}
	// The last characters, and those before them: what is not of the number is masked. A shift
	// by 64 or more is 0.
	maskLow, maskHigh := ^uint64(0)<<(64-8*min(n, 8)), ^uint64(0)<<(128-8*n)
	low := binary.LittleEndian.Uint64(tail[8:])&maskLow | zeros&^maskLow
	high := binary.LittleEndian.Uint64(tail[:8])&maskHigh | zeros&^maskHigh
	fraction := 0
	if point := zeroByte(low ^ points); point != 0 {
		at := bits.TrailingZeros64(point) // the highest bit of the point's byte, 8·index + 7
		fraction = 7 - at/8
		before := uint64(1)<<(at-7) - 1
		low, high = low&^(before<<8|0xff)|low&before<<8|high>>56, high<<8|'0'
	} else if point := zeroByte(high ^ points); point != 0 {
		at := bits.TrailingZeros64(point)
		fraction = 15 - at/8
		before := uint64(1)<<(at-7) - 1
		high = high&^(before<<8|0xff) | high&before<<8 | '0'
	}
	if !digits8(low) {
		return 0, false
	}
	mantissa := eightDigits(low)
	if high != zeros {
		mantissa += eightDigits(high) * 100_000_000
		if !digits8(high) || mantissa >= 1<<53 {
			return 0, false
		}
	}
	v = float64(mantissa)
	if fraction > 0 {
		v /= pow10[fraction]
	}
	if negative {
		v = -v
	}
	return v, true
}

// parseNumbersGo sets values, from the i-th on, to the numbers that bounds say where they lie in
// data: each stride after the one before, at start and end. It returns which is the first that it
// does not decide.
func parseNumbersGo(values []float64, i int, data []byte, bounds []uint32, stride int) int {
	for ; i < len(values); i++ {
		if i = parseShort(values, i, data, bounds, stride); i == len(values) {
			break
		}
		v, ok := parseNumberIn(data, int(bounds[i*stride]), int(bounds[i*stride+1]))
		if !ok {
			break
		}
		values[i] = v
	}
	return i
}

// parseShort is parseNumbersGo for numbers of up to eight characters, sign included, which most are:
// of one word only, and with no call for each.
func parseShort(values []float64, i int, data []byte, bounds []uint32, stride int) int {
	for ; i < len(values); i++ {
		end := int(bounds[i*stride+1])
		n := uint(end) - uint(bounds[i*stride])
		if n-1 >= 8 || end < 8 || end > len(data) {
			return i
		}
		// Each byte is a digit's value or, of any other character, more; those before the text are 0.
		unused := (64 - 8*n) & 63
		text := (binary.LittleEndian.Uint64(data[end-8:]) ^ zeros) >> unused
		minus := (text&0xff ^ ('-' ^ '0') - 1) >> 63 // 1 if it begins with one
		sign := minus * 0xff
		digits, first, second := n-uint(minus), text>>(8*minus)&0xff, text>>(8*minus+8)&0xff
		if digits > 1 && first == 0 && second != '.'^'0' || digits == 1 && first == '.'^'0' || digits == 0 {
			return i // a leading zero, or no digit
		}
		w := text &^ sign << unused
		scale := 1.0
		if point := zeroByte(w ^ (points ^ zeros)); point != 0 {
			before := point&-point>>7 - 1 // the bytes before it
			w = w&^(before<<8|0xff) | w&before<<8
			scale = pow10[7-bits.TrailingZeros64(point)/8]
		}
		if (w|(w+0x7676767676767676))&highBits != 0 {
			return i
		}
		v := float64(int64(eightDigits(w))) / scale
		values[i] = math.Float64frombits(math.Float64bits(v) | minus<<63)
	}
	return i
}

// zeroByte has the highest bit of the lowest byte of w that is zero, and none below it; the
// bits above it mean nothing.
func zeroByte(w uint64) uint64 { return (w - lowBits) &^ w & highBits }

// digits8 reports whether all bytes of a word are digits: the upper half is 3, and adding 6 to
// the lower half does not carry into it.
func digits8(w uint64) bool {
	return w&0xf0f0f0f0f0f0f0f0|(w+0x0606060606060606)&0xf0f0f0f0f0f0f0f0>>4 == 0x3333333333333333
}

// eightDigits is the number that eight digits write: pairs, then fours, then all.
func eightDigits(w uint64) uint64 {
	w = w & 0x0f0f0f0f0f0f0f0f * (10<<8 + 1) >> 8
	w = w & 0x00ff00ff00ff00ff * (100<<16 + 1) >> 16
	return w & 0x0000ffff0000ffff * (10000<<32 + 1) >> 32
}

// parseNumberBytes is parseNumber, straight from bytes for the numbers that data files are
// made of: up to 19 digits whose integer is below 2^53, times or divided by a power of ten up
// to 10^22. Both are exact then, and the one operation rounds once. All others go the long
// way. leading allows a zero before another digit.
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
		// "2006" "01" "02" as eight digits, then "15" "04" "05".
		w := binary.LittleEndian.Uint64(b)
		date, ok := fourPairs(w&0xffffffff | w>>40&0xffff<<32 | uint64(binary.LittleEndian.Uint16(b[8:]))<<48)
		clock := uint64(0)
		if n > 10 {
			var digits bool
			w := binary.LittleEndian.Uint64(b[11:])
			clock, digits = fourPairs(zeros&0xffff | w&0xffff<<16 | w>>24&0xffff<<32 | w>>48<<48)
			ok = ok && digits
		}
		year := int(date&0xff*100 + date>>16&0xff)
		month, day := int(date>>32&0xff), int(date>>48)
		hour, minute, second := int(clock>>16&0xff), int(clock>>32&0xff), int(clock>>48)
		// February 29 is left to the long way, as is what is no date.
		if ok && 1 <= month && month <= 12 && 1 <= day && day <= int(monthDays[month]) && hour < 24 && minute < 60 && second < 60 {
			days := daysSinceEpoch(year, month, day)
			return float64((int64(days)*86400 + int64(hour*3600+minute*60+second)) * 1e6), true
		}
	}
	return parseTimestamp(string(b))
}

// fourPairs is the numbers that four pairs of digits write, in 16 bits each, the first the
// lowest.
func fourPairs(w uint64) (uint64, bool) {
	return w & 0x0f0f0f0f0f0f0f0f * (10<<8 + 1) >> 8 & 0x00ff00ff00ff00ff, digits8(w)
}

// monthDays are the days of each month, January being 1, in years without a leap day.
var monthDays = [16]int8{1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}

// daysSinceEpoch counts the days from 1970-01-01 in the Gregorian calendar, years 0 to 9999,
// with years that begin in March so that the leap day is their last.
func daysSinceEpoch(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	// Counted from 400 years earlier, which are 146,097 days, nothing is negative.
	y := uint(year + 400)
	return int(365*y+y/4-y/100+y/400+(153*uint(month-3)+2)/5) + day - 1 - 719468 - 146097
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
