package profile

// issuer is a range of prefixes of payment cards and the lengths their numbers have.
type issuer struct {
	low, high int // of the first six digits
	lengths   uint32
}

// lengths is the set of the lengths from low to high.
func lengths(low, high int) uint32 { return 1<<(high+1) - 1<<low }

// issuers are the ranges of issuer identification numbers (ISO/IEC 7812) that the networks
// publish. Old Visa cards have 13 digits.
var issuers = [...]issuer{
	{220000, 220499, lengths(16, 19)},                                     // Mir
	{222100, 272099, lengths(16, 16)},                                     // Mastercard
	{300000, 305999, lengths(14, 14)},                                     // Diners Club
	{309500, 309599, lengths(14, 14)},                                     // Diners Club
	{340000, 349999, lengths(15, 15)},                                     // American Express
	{352800, 358999, lengths(16, 19)},                                     // JCB
	{360000, 369999, lengths(14, 14)},                                     // Diners Club
	{370000, 379999, lengths(15, 15)},                                     // American Express
	{380000, 399999, lengths(14, 14)},                                     // Diners Club
	{400000, 499999, lengths(13, 13) | lengths(16, 16) | lengths(19, 19)}, // Visa
	{501800, 501899, lengths(13, 19)},                                     // Maestro
	{502000, 502099, lengths(13, 19)},                                     // Maestro
	{503800, 503899, lengths(13, 19)},                                     // Maestro
	{508500, 508999, lengths(16, 16)},                                     // RuPay
	{510000, 559999, lengths(16, 16)},                                     // Mastercard
	{589300, 589399, lengths(13, 19)},                                     // Maestro
	{601100, 601199, lengths(16, 19)},                                     // Discover
	{620000, 629999, lengths(16, 19)},                                     // UnionPay
	{630400, 630499, lengths(13, 19)},                                     // Maestro
	{644000, 659999, lengths(16, 19)},                                     // Discover, RuPay
	{675900, 675999, lengths(13, 19)},                                     // Maestro
	{676100, 676399, lengths(13, 19)},                                     // Maestro
	{979200, 979299, lengths(16, 16)},                                     // Troy
}

// isCard takes the number of a payment card in one piece or in groups, of which the first has
// four digits, with one kind of separator. Trade numbers (EAN, GTIN) have 13 or 14 digits and
// may begin like a card; one whose own check digit is right is taken for what it is.
func isCard(text []byte) bool {
	if len(text) < 13 || len(text) > 23 {
		return false
	}
	var number [19]byte
	n, separator, group, groups := 0, byte(0), 0, 0
	for _, b := range text {
		switch {
		case isDigit(b):
			if n == len(number) {
				return false
			}
			number[n] = b - '0'
			n++
			group++
		case b == ' ' || b == '-':
			first := groups == 0
			if separator != 0 && b != separator || first && group != 4 || group < 3 || group > 6 {
				return false
			}
			separator, group, groups = b, 0, groups+1
		default:
			return false
		}
	}
	if groups > 0 && (group < 2 || group > 6) || n < 13 {
		return false
	}
	prefix := 0
	for _, d := range number[:6] {
		prefix = prefix*10 + int(d)
	}
	issued := false
	for _, i := range issuers {
		issued = issued || prefix >= i.low && prefix <= i.high && i.lengths>>n&1 == 1
	}
	return issued && luhn(number[:n]) && !(n <= 14 && tradeNumber(number[:n]))
}

// luhn says whether the last digit is the check digit of ISO/IEC 7812-1, annex B.
func luhn(number []byte) bool {
	sum := 0
	for i := range number {
		d := int(number[len(number)-1-i])
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// tradeNumber says whether the last digit is the check digit of a GTIN (ISO/IEC 15420).
func tradeNumber(number []byte) bool {
	sum := 0
	for i := range number {
		sum += int(number[len(number)-1-i]) * (1 + i%2*2)
	}
	return sum%10 == 0
}
