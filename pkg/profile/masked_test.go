package profile

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// people is a data set of personal data, of whom the first name is not to be read anywhere.
func people(t *testing.T, operators int) *Profile {
	t.Helper()
	var text strings.Builder
	text.WriteString("mail,card,plain,operator,note,amount\n")
	for i := range 300 {
		number := []string{"4111111111111111", "5555555555554444", "4012888888881881", "340000000000009"}[i%4]
		fmt.Fprintf(&text, "jane%d@example.com,%s,%s,jane%d@corp.example,please ask jane%d@corp.example!,%d.5\n",
			i, number[:4]+" "+number[4:8]+" "+number[8:12]+" "+number[12:], number, i%operators, i%3, i)
	}
	return scanned(t, strings.ReplaceAll(text.String(), "3400 0000 0000 009", "4111 1111 1111 1111"))
}

// Nothing of a masked profile's JSON is a value of personal data, its sketches included; what
// counts is still there.
func TestMaskedProfile(t *testing.T) {
	p := people(t, 4)
	m := p.Masked()
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var read Profile
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	all := string(text)
	for _, c := range read.Columns {
		if c.Sketches != nil {
			all += string(c.Sketches.Frequent)
		}
	}
	for _, value := range []string{"jane", "4111", "5555", "4012", "3400"} {
		if strings.Contains(all, value) {
			t.Errorf("%q is to be read", value)
		}
	}
	for i, kind := range []string{personalEmail, personalCard, personalCard, personalEmail, personalEmail, ""} {
		c := &m.Columns[i]
		if kind == "" {
			if c.Numeric == nil || c.Sketches.Quantiles == nil || c.Personal != nil {
				t.Errorf("%s is masked", c.Name)
			}
			continue
		}
		if len(c.Personal) != 1 || c.Personal[0].Kind != kind || c.Count != 300 || c.Distinct != p.Columns[i].Distinct || len(c.Top) == 0 || !c.Top[0].Masked || c.Top[0].Count != p.Columns[i].Top[0].Count {
			t.Errorf("%+v", c)
		}
	}
	if got, want := m.Columns[1].Top[0].Value, "•••• •••• •••• 1111"; got != want {
		t.Errorf("a card is shown as %q, want %q", got, want)
	}
	if again, _ := json.Marshal(m.Masked()); string(again) != string(text) {
		t.Error("masked twice it differs")
	}
	if !strings.Contains(p.Columns[0].Top[0].Value, "jane") {
		t.Error("the profile itself was changed")
	}
}

// Nor do alerts show numbers that are personal data: 30 rows have the greatest, some lie far out.
func TestAlertsShowNoPersonalNumbers(t *testing.T) {
	card := func(i int) float64 { // one of ten numbers has the right last digit
		for v := 4111111111110000 + 10*float64(i); ; v++ {
			if personalKind(strconv.AppendFloat(nil, v, 'f', -1, 64)) == personalCard {
				return v
			}
		}
	}
	p := judged(t, numbersOf(500, func(i int) float64 {
		switch {
		case i < 30:
			return 5555555555554444
		case i == 30:
			return 5
		}
		return card(i * i)
	}))
	if len(p.Columns[0].Personal) != 1 {
		t.Fatalf("these are cards: %+v", p.Columns[0].Personal)
	}
	if found := alerts(p, Options{}); len(found) != 1 || found[0].Kind != AlertPersonal {
		t.Errorf("%+v", found)
	}
	c := one(t, numbersOf(500, func(i int) float64 { return 4111111111110000 + float64(i) }))
	c.Personal = []Personal{{Kind: personalCard, Share: 1}}
	if got := identifierOf(&c, 500); got != "different whole numbers" {
		t.Errorf("%q", got)
	}
}

// A stored profile, which is masked, is compared with a new one, which is not, as if both were.
func TestMaskedProfilesAreCompared(t *testing.T) {
	p := people(t, 4)
	for name, pair := range map[string][2]*Profile{"stored and new": {p.Masked(), p}, "new and stored": {p, p.Masked()}, "both stored": {p.Masked(), p.Masked()}} {
		d := Compare(pair[0], pair[1])
		if d.Verdict != Stable {
			t.Errorf("%s: %s: %+v", name, d.Verdict, d.Columns)
		}
		if plain := d.Columns[2]; plain.Verdict == Stable && plain.Measure(KolmogorovSmirnov) != nil {
			t.Errorf("%s: numbers of cards are compared: %+v", name, plain)
		}
	}
	// Another domain is another form.
	other := people(t, 4)
	for i := range other.Columns[3].Top {
		other.Columns[3].Top[i].Value = strings.Replace(other.Columns[3].Top[i].Value, "jane", "operator", 1)
	}
	if d := Compare(p.Masked(), other).Columns[3]; d.Verdict != Severe || d.New != nil || strings.Contains(d.Reason, "operator") {
		t.Errorf("%+v", d)
	}
}

// Of more values than are listed the forms are not known with their counts: half a hundred rows
// of one form may be one value that is listed, or many that are not.
func TestFormsThatAreNotListed(t *testing.T) {
	before, now := make([]string, 300), make([]string, 300)
	for i := range before {
		before[i], now[i] = fmt.Sprintf("a%d@example.com", i), fmt.Sprintf("a%d@example.com", i)
		if i < 50 {
			before[i], now[i] = "zoe@example.com", fmt.Sprintf("z%d@example.com", i/2*2)
		}
	}
	p, q := mustProfile(t, mustTable(t, textColumn(before...))), mustProfile(t, mustTable(t, textColumn(now...)))
	if len(p.Columns[0].Personal) != 1 || len(q.Columns[0].Personal) != 1 {
		t.Fatal("these are addresses")
	}
	if d := Compare(p, q); d.Verdict.rank() > Stable.rank() {
		t.Errorf("%+v", d.Columns[0])
	}
}

// Addresses in texts are found, and what looks like one is not taken for it.
func TestPersonalIn(t *testing.T) {
	for text, want := range map[string]string{
		"please ask jane@example.com, or me": personalEmail, "(jane@example.com)": personalEmail, "see <jane@example.com>.": personalEmail,
		"git@github.com:foretell is a remote": "", "follow @jane on pkg@1.2.3": "", "12 @ 3.50 each": "", "call +49 30 1234567 now": "", "": "",
	} {
		if got := personalIn([]byte(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Numbers of which one in ten has the right digit by chance are no cards.
func TestNumbersAreCardsOrNot(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(i int) float64
		want int
	}{
		{"counted on", func(i int) float64 { return 4111111111111111 + float64(i) }, 0},
		{"cards", func(i int) float64 { return []float64{4111111111111111, 5555555555554444}[i%2] }, 1},
	} {
		if got := one(t, dataset.Column{Type: dataset.Numeric, Values: floatsOf(500, c.f)}).Personal; len(got) != c.want {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
