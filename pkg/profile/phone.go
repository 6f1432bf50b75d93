package profile

import "bytes"

// phone is a telephone number taken apart.
type phone struct {
	plus       bool
	area       int // digits in the parentheses that it begins with, 0 if it does not
	number     [15]byte
	n          int
	groups     [6]int // digits between separators
	parts      int
	separators [3]int // spaces, dots, dashes and slashes
}

// isPhone takes telephone numbers that are written as such:
//   - international, +44 20 7946 0958 or +442079460958: 10 to 15 digits (ITU-T E.164), and of
//     country 1 eleven
//   - North American, (212) 555-0123, 212-555-0123, 1-212-555-0123, where neither area code
//     nor exchange begins with 0 or 1
//   - with the area code in parentheses, (030) 901820: 8 to 12 digits
//   - national with the trunk prefix 0, in groups of which the first has two digits or more:
//     020 7946 0958, 01 42 68 53 00: 10 or 11 digits, so that no date is one
//
// Digits in one piece without a plus are an identifier like any other.
func isPhone(text []byte) bool {
	var p phone
	if !p.read(text) {
		return false
	}
	first := p.groups[0]
	switch {
	case p.plus && p.number[0] == 1:
		return p.n == 11 && northAmerican(p.number[1:p.n])
	case p.plus:
		// One dot would make it a decimal.
		return p.n >= 10 && p.number[0] != 0 && p.separators[1] != 1
	case p.area > 0 && p.number[0] == 0:
		return p.n >= 8 && p.n <= 12
	case p.area == 3 && p.n == 10:
		return northAmerican(p.number[:p.n])
	case p.area > 0:
		return p.n >= 9 && p.n <= 12 && p.n-p.area >= 6
	case p.n == 10 && p.parts == 3 && first == 3 && p.groups[1] == 3 && p.number[0] > 1:
		return p.alike() && northAmerican(p.number[:p.n])
	case p.n == 11 && p.parts == 4 && first == 1 && p.number[0] == 1 && p.groups[1] == 3 && p.groups[2] == 3:
		return p.alike() && northAmerican(p.number[1:p.n])
	case p.number[0] == 0 && p.number[1] != 0 && p.n >= 10 && p.n <= 11:
		return p.trunk()
	}
	return false
}

// northAmerican says whether ten digits are an area code, an exchange and a line of the
// North American Numbering Plan.
func northAmerican(number []byte) bool {
	return len(number) == 10 && number[0] > 1 && number[3] > 1
}

// alike says whether all separators are of one kind.
func (p *phone) alike() bool {
	kinds := 0
	for _, n := range p.separators {
		if n > 0 {
			kinds++
		}
	}
	return kinds == 1
}

// trunk says whether the groups are those of a national number. Dots make one in five pairs
// only, as in France, else they are those of an address or a version; and a group that may
// be a year makes it the number of a document: 01-2024-0001.
func (p *phone) trunk() bool {
	if p.parts < 2 || p.groups[0] < 2 || p.groups[0] > 5 {
		return false
	}
	pairs := p.parts == 5
	at, year := 0, false
	for _, size := range p.groups[:p.parts] {
		pairs = pairs && size == 2
		year = year || size == 4 && (p.number[at] == 1 && p.number[at+1] == 9 || p.number[at] == 2 && p.number[at+1] == 0)
		at += size
	}
	if p.separators[1] > 0 {
		return pairs && p.alike()
	}
	if p.separators[2] > 0 && (year || p.groups[p.parts-1] == 1) {
		return false
	}
	return p.groups[p.parts-1] > 1
}

// read takes a telephone number apart; false if the text has other characters, or separators
// where none can be. An extension (x12, ext. 12) is passed over.
func (p *phone) read(text []byte) bool {
	if text[0] == '+' {
		p.plus, text = true, text[1:]
	}
	if i := bytes.IndexByte(text, 'x'); i > 0 {
		text = bytes.TrimRight(bytes.TrimSuffix(text[:i], []byte("e")), " ")
	}
	open, separated := false, true
	for i, b := range text {
		switch {
		case isDigit(b):
			if p.n == len(p.number) {
				return false
			}
			if separated {
				if p.parts == len(p.groups) {
					return false
				}
				p.parts++
			}
			p.number[p.n] = b - '0'
			p.n++
			p.groups[p.parts-1]++
			separated = false
			continue
		case b == '(':
			// At the beginning, or for the trunk prefix as in +44 (0)20.
			if open || i > 0 && !p.plus {
				return false
			}
			open = true
		case b == ')':
			if !open || separated {
				return false
			}
			open = false
			if !p.plus {
				p.area = p.n
			}
			separated = true
			continue
		case b == ' ':
			p.separators[0]++
			if separated && i > 0 && text[i-1] == ')' {
				continue
			}
		case b == '.':
			p.separators[1]++
		case b == '-' || b == '/':
			p.separators[2]++
		default:
			return false
		}
		if separated && b != '(' {
			return false
		}
		separated = true
	}
	return !open && !separated && p.n >= 8 && (p.area == 0 || p.area >= 2 && p.area <= 5)
}
