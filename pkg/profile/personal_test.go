package profile

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// Numbers that the networks publish for tests, examples of the IBAN registry, the domains of
// RFC 2606, and telephone numbers set aside for fiction (NANPA's 555-01xx, Ofcom's, ARCEP's).
var personalExamples = map[string][]string{
	personalEmail: {
		"jane@example.com", "j@example.org", "jane.doe+news@mail.example.co.uk", "JANE_DOE@EXAMPLE.NET",
		"o'brien@example.com", "jürgen@müller.example", "x@xn--mller-kva.xn--p1ai", "mailto:jane@example.com",
		"Jane Doe <jane@example.com>", "<jane@example.com>", "42@example.com", "jane@sub-domain.example.museum",
	},
	personalCard: {
		"4111111111111111", "4012888888881881", "4222222222222", "5555555555554444", "5105105105105100",
		"2223003122003222", "378282246310005", "371449635398431", "6011111111111117", "6011000990139424",
		"30569309025904", "38520000023237", "3530111333300000", "3566002020360505", "6200000000000005",
		"6759649826438453", "2200000000000004", "6304000000000000", "4111 1111 1111 1111", "4111-1111-1111-1111",
		"3782 822463 10005", "3056 930902 5904",
	},
	personalIBAN: {
		"DE89370400440532013000", "GB29NWBK60161331926819", "FR1420041010050500013M02606", "NO9386011117947",
		"CH9300762011623852957", "MT84MALT011000012345MTLCAST001S", "NL91ABNA0417164300", "BE68539007547034",
		"AT611904300234573201", "ES9121000418450200051332", "IT60X0542811101000000123456", "PL61109010140000071219812874",
		"SE4550000000058398257466", "LC55HEMM000100010012001200023015", "BR1800360305000010009795493C1",
		"GB29 NWBK 6016 1331 9268 19", "NO93 8601 1117 947", "SA0380000000608010167519", "TR330006100519786457841326",
	},
	personalPhone: {
		"+44 20 7946 0958", "+442079460958", "+44 (0)20 7946 0958", "+1 212 555 0123", "+12125550123",
		"+1-212-555-0123", "+33 1 99 00 12 34", "+49 30 23125 012", "+47 22 00 00 00", "+65 6123 4567",
		"+1 (212) 555-0123", "(212) 555-0123", "(212)555-0123", "212-555-0123", "212.555.0123", "212 555 0123",
		"1-212-555-0123", "212-555-0123 x45", "212-555-0123 ext. 45", "020 7946 0958", "01632 960123",
		"01 99 00 12 34", "01.99.00.12.34", "030/23125012", "(030) 23125012", "03-1234-5678", "(11) 91234-5678",
	},
}

func TestPersonalKind(t *testing.T) {
	for kind, texts := range personalExamples {
		for _, text := range texts {
			if got := personalKind([]byte(text)); got != kind {
				t.Errorf("%q is %q, want %q", text, got, kind)
			}
		}
	}
}

// What resembles personal data and is none.
var personalLookAlikes = []string{
	"", " ", "a@b", "@", "a@b.c", "@example", "jane@localhost", "git@example.com:owner/repo.git", "pkg@1.2.3", "user@10.0.0.1",
	"icon@2x.png", "a..b@example.com", ".a@example.com", "a.@example.com", "a b@example.com", "a@-example.com", "a@example..com",
	"a@example.com.", "a@b@example.com", "https://user:secret@example.com/", "3@2.50", "mailto:", "jane at example.com", "<@>", "x@.com",
	// Numbers: plain ones are identifiers, whatever their length.
	"2125550123", "12125550123", "0123456789", "1234567890", "123456789012", "1700000000", "1700000000000", "1700000000000000", "1700000000000000000",
	"4111111111111112", "4111 1111-1111 1111", "4111  1111 1111 1111", "1234567812345670", "41 1111 1111 1111 11", "411111111111111",
	"5555555555554445", "0000000000000000", "4006381333931", "4006381000093", "36000000000180", "9780306406157", "978-0-306-40615-7", "0-306-40615-2", "036000291452", "5901234123457",
	"3.141592653589793", "4111111111.111111", "-212-555-0123", "4111,1111,1111,1111",
	"+3.14159265358", "+100 000 000", "+1 234 567 890", "+12345678", "+0123456789", "+48.85661234", "+48.8566+002.3522/", "+0100", "+", "()", "(1,234,567)", "(1234)", "(12345678)",
	// Dates and times.
	"2024-01-02", "01-02-2024", "01/02/2024", "01.02.2024", "01 02 2024", "2024-01-02 10:00", "2024-01-02T10:00:00Z", "20240102", "20240102103000", "2024 01 02", "01/02/2024 1030",
	// Addresses, versions, documents, measures.
	"192.168.0.1", "10.0.0.138", "010.020.030.040", "255.255.255.255", "1.2.3.4", "01.02.03.04", "2001:0db8:85a3::8a2e", "127.0.0.1:8080",
	"078-05-1120", "12-3456789", "01-2024-0001", "012-345-678", "123-456-7890", "212-155-0123", "112-555-0123", "212-555.0123", "90210-1234", "2024-01-0001", "100-200-3000", "1 000 000 000", "12 345 678", "0.1234567890", "01234567890",
	"550e8400-e29b-41d4-a716-446655440000", "00:1B:44:11:3A:B7", "1-2-3-4-5-6-7-8-9-0",
	// IBANs with a wrong check digit, length, country or case, and what begins like one.
	"DE88370400440532013000", "DE8937040044053201300", "DE893704004405320130000", "XX89370400440532013000", "de89370400440532013000", "DE89-3704-0044-0532-0130-00", "DE89 370400440532013000",
	"DE 89370400440532013000", "GB29NWBK6016133192681", "DE123456789", "US12345678901234567890", "NORTH AMERICA 12", "SE", "NO93 8601 1117 94",
	"Bachelors", "Never-married", "United-States", "NEAR BAY", "<=50K",
	strings.Repeat("9", 1000), strings.Repeat("a", 400) + "@example.com", "+" + strings.Repeat("1", 31), "\xff\xfe\xfd\xfc\xfb\xfa", "4\x00111111111111111",
}

func TestPersonalLookAlikes(t *testing.T) {
	for _, text := range personalLookAlikes {
		if got := personalKind([]byte(text)); got != "" {
			t.Errorf("%q is taken for %q", text, got)
		}
	}
}

// Of numbers without structure only those that a network issues and that have the right check
// digit are taken for something: of 16 digits less than 4 in 100, of other lengths fewer.
func TestPersonalRandomIntegers(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	for digits := 1; digits <= 20; digits++ {
		taken := 0
		for range 2000 {
			text := make([]byte, digits)
			for i := range text {
				text[i] = '0' + byte(random.IntN(10))
			}
			switch kind := personalKind(text); {
			case kind == "":
			case kind == personalCard && digits >= 13 && digits <= 19:
				taken++
			default:
				t.Fatalf("%s is taken for %q", text, kind)
			}
		}
		if taken > 80 {
			t.Errorf("%d of 2000 integers of %d digits are taken for cards", taken, digits)
		}
	}
}

// Every single wrong digit of a card or an IBAN is seen.
func TestPersonalCheckDigits(t *testing.T) {
	for _, kind := range []string{personalCard, personalIBAN} {
		for _, text := range personalExamples[kind] {
			for i := 2; i < len(text); i++ {
				if !isDigit(text[i]) {
					continue
				}
				wrong := []byte(text)
				wrong[i] = '0' + (text[i]-'0'+1)%10
				if got := personalKind(wrong); got != "" {
					t.Errorf("%s with one digit changed, %s, is still %q", text, wrong, got)
				}
			}
		}
	}
}

func TestMask(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "",
		"jane@example.com":            "j•••@e•••.com",
		"jürgen@müller.example":       "j•••@m•••.example",
		"Jane Doe <jane@example.com>": "•••• ••• <j•••@e•••.com>",
		"mailto:jane@example.com":     "mailto:j•••@e•••.com",
		"4111 1111 1111 1111":         "•••• •••• •••• 1111",
		"378282246310005":             "•••••••••••0005",
		"GB29 NWBK 6016 1331 9268 19": "GB•• •••• •••• •••• ••68 19",
		"+44 20 7946 0958":            "+•• •• •••• ••58",
		"(212) 555-0123":              "(•••) •••-••23",
		"call Zoë, 12 h":              "•••• •••, •• •",
		"unknown":                     "•••••••",
		"a\xffb":                      "•••",
	} {
		if got := Mask(text); got != want {
			t.Errorf("Mask(%q) = %q, want %q", text, got, want)
		}
	}
}

// A mask never shows more than the first character and the ends it says it does.
func FuzzMask(f *testing.F) {
	for _, texts := range personalExamples {
		for _, text := range texts {
			f.Add(text)
		}
	}
	for _, text := range personalLookAlikes {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		kind, masked := personalKind([]byte(text)), Mask(text)
		if kind != "" && (masked == text || personalKind([]byte(masked)) == kind && kind != personalEmail) {
			t.Errorf("%s %q is shown as %q", kind, text, masked)
		}
		shown := 0
		for i := range len(masked) {
			if isDigit(masked[i]) || isLetter(masked[i]) {
				shown++
			}
		}
		if kind == "" && shown > 0 {
			t.Errorf("%q is shown as %q", text, masked)
		}
	})
}

func BenchmarkPersonalKind(b *testing.B) {
	for _, text := range []string{"Bachelors", "226802", "3.14159", "2024-01-02", "4111111111111111", "jane@example.com", "GB29 NWBK 6016 1331 9268 19"} {
		b.Run(fmt.Sprintf("text=%s", text), func(b *testing.B) {
			value := []byte(text)
			b.ReportAllocs()
			for b.Loop() {
				personalKind(value)
			}
		})
	}
}
