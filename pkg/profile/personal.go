package profile

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The kinds of personal data, as Personal.Kind has them.
const (
	personalEmail = "email"
	personalPhone = "phone"
	personalCard  = "card"
	personalIBAN  = "iban"
)

// personalKind says what kind of personal data a value, white space trimmed, looks like as a
// whole: an e-mail address, a telephone number, the number of a payment card or an IBAN; ""
// for everything else. It errs on the side of "": plain integers are no telephone numbers,
// however many digits they have, and what has a check digit has to have the right one.
func personalKind(text []byte) string {
	if len(text) < 6 || len(text) > 320 { // a@b.co; RFC 5321 allows 64 + 1 + 255
		return ""
	}
	switch first := text[0]; {
	case bytes.IndexByte(text, '@') >= 0:
		if isEmail(text) {
			return personalEmail
		}
	case first >= 'A' && first <= 'Z':
		if isIBAN(text) {
			return personalIBAN
		}
	case first == '+' || first == '(' || isDigit(first):
		if len(text) < 8 || len(text) > 32 {
			return ""
		}
		if isCard(text) {
			return personalCard
		}
		if isPhone(text) {
			return personalPhone
		}
	}
	return ""
}

func isDigit(b byte) bool { return b-'0' <= 9 }

func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// isEmail takes user@host.tld, also as mailto:user@host.tld and Name <user@host.tld>. The
// local part is RFC 5322's dot-atom without a slash (a path is no address), the last label of
// the domain is of letters: ssh remotes (git@host:path), versions (pkg@1.2.3), handles
// (@name) and images for dense screens (icon@2x.png) are none.
func isEmail(text []byte) bool {
	text = bytes.TrimPrefix(text, []byte("mailto:"))
	if n := len(text) - 1; n > 0 && text[n] == '>' {
		text = text[bytes.LastIndexByte(text, '<')+1 : n]
	}
	local, domain, _ := bytes.Cut(text, []byte("@"))
	return isLocalPart(local) && isDomain(domain)
}

func isLocalPart(local []byte) bool {
	if len(local) == 0 || len(local) > 64 {
		return false
	}
	last := byte('.')
	for _, b := range local {
		if b == '.' && last == '.' {
			return false
		}
		if !isLetter(b) && !isDigit(b) && b < 0x80 && strings.IndexByte(".!#$%&'*+-=?^_`{|}~", b) < 0 {
			return false
		}
		last = b
	}
	return last != '.'
}

func isDomain(domain []byte) bool {
	if len(domain) > 253 || len(domain) > 2 && domain[1] == 'x' && domain[2] == '.' && isDigit(domain[0]) {
		return false
	}
	labels := 0
	for len(domain) > 0 {
		label, rest, more := bytes.Cut(domain, []byte("."))
		if len(label) == 0 || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || more && len(rest) == 0 {
			return false
		}
		letters := 0
		for _, b := range label {
			switch {
			case isLetter(b) || b >= 0x80:
				letters++
			case !isDigit(b) && b != '-':
				return false
			}
		}
		labels++
		if !more {
			return labels > 1 && len(label) > 1 && (letters == len(label) || bytes.HasPrefix(label, []byte("xn--")))
		}
		domain = rest
	}
	return false
}

// ibanLengths is how long the IBANs of a country are: the registry that SWIFT keeps for ISO
// 13616, release 99.
var ibanLengths = map[[2]byte]int{
	{'A', 'D'}: 24, {'A', 'E'}: 23, {'A', 'L'}: 28, {'A', 'T'}: 20, {'A', 'Z'}: 28, {'B', 'A'}: 20,
	{'B', 'E'}: 16, {'B', 'G'}: 22, {'B', 'H'}: 22, {'B', 'I'}: 27, {'B', 'R'}: 29, {'B', 'Y'}: 28,
	{'C', 'H'}: 21, {'C', 'R'}: 22, {'C', 'Y'}: 28, {'C', 'Z'}: 24, {'D', 'E'}: 22, {'D', 'J'}: 27,
	{'D', 'K'}: 18, {'D', 'O'}: 28, {'E', 'E'}: 20, {'E', 'G'}: 29, {'E', 'S'}: 24, {'F', 'I'}: 18,
	{'F', 'K'}: 18, {'F', 'O'}: 18, {'F', 'R'}: 27, {'G', 'B'}: 22, {'G', 'E'}: 22, {'G', 'I'}: 23,
	{'G', 'L'}: 18, {'G', 'R'}: 27, {'G', 'T'}: 28, {'H', 'N'}: 28, {'H', 'R'}: 21, {'H', 'U'}: 28,
	{'I', 'E'}: 22, {'I', 'L'}: 23, {'I', 'Q'}: 23, {'I', 'S'}: 26, {'I', 'T'}: 27, {'J', 'O'}: 30,
	{'K', 'W'}: 30, {'K', 'Z'}: 20, {'L', 'B'}: 28, {'L', 'C'}: 32, {'L', 'I'}: 21, {'L', 'T'}: 20,
	{'L', 'U'}: 20, {'L', 'V'}: 21, {'L', 'Y'}: 25, {'M', 'C'}: 27, {'M', 'D'}: 24, {'M', 'E'}: 22,
	{'M', 'K'}: 19, {'M', 'N'}: 20, {'M', 'R'}: 27, {'M', 'T'}: 31, {'M', 'U'}: 30, {'N', 'I'}: 28,
	{'N', 'L'}: 18, {'N', 'O'}: 15, {'O', 'M'}: 23, {'P', 'K'}: 24, {'P', 'L'}: 28, {'P', 'S'}: 29,
	{'P', 'T'}: 25, {'Q', 'A'}: 29, {'R', 'O'}: 24, {'R', 'S'}: 22, {'R', 'U'}: 33, {'S', 'A'}: 24,
	{'S', 'C'}: 31, {'S', 'D'}: 18, {'S', 'E'}: 24, {'S', 'I'}: 19, {'S', 'K'}: 24, {'S', 'M'}: 27,
	{'S', 'O'}: 23, {'S', 'T'}: 25, {'S', 'V'}: 28, {'T', 'L'}: 23, {'T', 'N'}: 24, {'T', 'R'}: 26,
	{'U', 'A'}: 29, {'V', 'A'}: 22, {'V', 'G'}: 24, {'X', 'K'}: 20, {'Y', 'E'}: 30,
}

// isIBAN takes an IBAN in capitals, in one piece or in groups of four.
func isIBAN(text []byte) bool {
	if len(text) < 15 || len(text) > 42 || !isDigit(text[2]) || !isDigit(text[3]) {
		return false
	}
	want, known := ibanLengths[[2]byte{text[0], text[1]}]
	if !known {
		return false
	}
	grouped := text[4] == ' '
	plain := make([]byte, 0, 34)
	for i, b := range text {
		switch {
		case grouped && i%5 == 4:
			if b != ' ' {
				return false
			}
		case isDigit(b) || b >= 'A' && b <= 'Z':
			plain = append(plain, b)
		default:
			return false
		}
		if len(plain) > want {
			return false
		}
	}
	if len(plain) != want {
		return false
	}
	// ISO 7064 mod 97-10: the first four go to the end, a letter is 10 to 35, the rest is 1.
	rest := 0
	for i := range plain {
		switch b := plain[(i+4)%want]; {
		case isDigit(b):
			rest = (rest*10 + int(b-'0')) % 97
		default:
			rest = (rest*100 + int(b-'A') + 10) % 97
		}
	}
	return rest == 1
}

// maskRune stands for what a mask hides.
const maskRune = '•'

// Mask hides what a value says and keeps its shape, so that a report can show what kind of
// value it is: j•••@e•••.com, the last four digits of a card or an IBAN, the last two of a
// telephone number. Of everything else only punctuation and spaces are left.
func Mask(text string) string {
	switch personalKind([]byte(text)) {
	case personalEmail:
		return maskEmail(text)
	case personalCard:
		return maskAll(text, 0, 4)
	case personalIBAN:
		return maskAll(text, 2, 4)
	case personalPhone:
		return maskAll(text, 0, 2)
	}
	return maskAll(text, 0, 0)
}

// maskAll hides the letters, digits and marks but for the first and last few of them.
func maskAll(text string, first, last int) string {
	hidden := func(r rune) bool {
		return !unicode.IsSpace(r) && !(r < utf8.RuneSelf && unicode.IsPrint(r) && !isLetter(byte(r)) && !isDigit(byte(r)))
	}
	total := 0
	for _, r := range text {
		if hidden(r) {
			total++
		}
	}
	seen := 0
	return strings.Map(func(r rune) rune {
		if !hidden(r) {
			return r
		}
		seen++
		if seen <= first || seen > total-last {
			return r
		}
		return maskRune
	}, text)
}

// maskEmail hides all but the first character of user and host, and how long they are.
func maskEmail(text string) string {
	at := strings.IndexByte(text, '@')
	begin := strings.LastIndexAny(text[:at], "<:") + 1
	end := len(strings.TrimSuffix(text, ">"))
	dot := strings.LastIndexByte(text[:end], '.')
	initial := func(s string) string {
		_, size := utf8.DecodeRuneInString(s)
		return s[:size] + strings.Repeat(string(maskRune), 3)
	}
	before := text[:begin]
	if before != "mailto:" {
		before = maskAll(before, 0, 0)
	}
	return before + initial(text[begin:at]) + "@" + initial(text[at+1:dot]) + text[dot:]
}

// personalIn is the personalKind of a text, or, of one that is more than that, "email" if one of
// its words is an address. Other kinds would be found in too many numbers.
func personalIn(text []byte) string {
	kind := personalKind(text)
	if kind != "" || bytes.IndexByte(text, '@') < 0 {
		return kind
	}
	for word := range bytes.FieldsSeq(text) {
		if isEmail(bytes.Trim(word, `.,;:!?()[]{}<>"'`)) {
			return personalEmail
		}
	}
	return ""
}

// leastCard has as many digits as the number of a card has at least.
const leastCard = 1e12

// personal says which kinds of personal data the values look like, by a sample of the
// different ones: texts, and whole numbers, which may be those of cards.
func (c *column) personal() (found []Personal) {
	counts, looked := map[string]int{}, 0
	if c.Texts != nil {
		_, sample := c.Texts.sketches()
		for text := range sample.texts() {
			looked++
			counts[personalIn(text)]++
		}
	}
	if n := c.Numbers; n != nil && n.Moments.N > 0 && (n.Max >= leastCard || len(counts) > 0) {
		cards, numbers := 0, 0
		for _, v := range n.ranks().values {
			numbers++
			if v >= leastCard && v < 1<<53 && v == math.Trunc(v) && personalKind(strconv.AppendFloat(nil, v, 'f', -1, 64)) != "" {
				cards++
			}
		}
		looked += numbers
		if float64(cards) >= personalShares[personalCard]*float64(numbers) { // fewer have the right digit by chance
			counts[personalCard] += cards
		}
	}
	for _, kind := range []string{personalEmail, personalPhone, personalCard, personalIBAN} {
		if n := counts[kind]; n > 0 {
			found = append(found, Personal{Kind: kind, Share: float64(n) / float64(looked)})
		}
	}
	slices.SortStableFunc(found, func(a, b Personal) int { return cmp.Compare(b.Share, a.Share) })
	return found
}
