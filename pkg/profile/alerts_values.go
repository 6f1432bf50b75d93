package profile

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

const (
	// Imputation then invents more values than were measured.
	mostlyMissing = 0.5
	// A fold of five of 10,000 rows then has 20 rows of all other values together; below,
	// rare values are often the ones that matter (95 % of capital_loss in UCI Adult is 0).
	nearlyConstant = 0.99
	// With fewer rows 99 % is all.
	nearlyConstantRows = 200
	// So many categories get a column of their own in training (feature.Options.MaxLevels).
	highCardinality = 50
	// A category needs some rows to learn from; a column of no more than manyCategories in few
	// rows may be forgiven some that have not.
	rowsPerCategory, manyCategories = 10, 20
	// Below this share the kind of the most values is no more than a guess.
	mixedShare = 0.9
)

// personalShares are the shares of values that make a column one of personal data: an e-mail
// address cannot be anything else, but one in ten numbers that begin like a card has the right
// check digit by chance, and documents may be numbered like telephones.
var personalShares = map[string]float64{personalEmail: 0.01, personalIBAN: 0.01, personalPhone: 0.2, personalCard: 0.5}

// personalNames are the kinds in a sentence.
var personalNames = map[string]string{
	personalEmail: "e-mail addresses", personalIBAN: "bank accounts (IBAN)", personalPhone: "telephone numbers", personalCard: "payment card numbers",
}

// filled judges how much of a column there is; false if there is nothing else to say.
func (j *judge) filled(i int, c *Column) bool {
	missing := float64(c.Missing) / float64(j.Rows)
	if missing >= mostlyMissing {
		severity, remedy := j.harm(c), "Find out why it is missing; if that says nothing, leave the column out: "+drop(c.Name)
		switch {
		case j.isTarget(c):
			remedy = "Rows without a target teach nothing: find the source of the others, or predict another column"
		case c.Count == 0:
			remedy = "Leave it out: " + drop(c.Name)
		}
		j.about(i, AlertMissing, severity, missing, fmt.Sprintf("%s of %s rows (%s) have no value", countText(c.Missing), countText(j.Rows), percent(missing)), remedy)
	}
	return c.Count > 0
}

// values judges which values there are.
func (j *judge) values(i int, c *Column) {
	switch {
	case c.Distinct == 1 && c.Missing == 0 && j.Rows > 1:
		remedy := "It tells rows apart in no way: " + drop(c.Name)
		if j.isTarget(c) {
			remedy = "There is nothing to predict: add rows with other values"
		}
		j.about(i, AlertConstant, j.harm(c), 1, fmt.Sprintf("all %s rows have %s", countText(j.Rows), c.shown(c.Top[0])), remedy)
	case c.Distinct == 1 && c.Missing > 0 && j.Rows > 1:
		severity := SeverityInfo
		if j.isTarget(c) {
			severity = SeverityError
		}
		j.about(i, AlertConstant, severity, 0, fmt.Sprintf("%s rows have %s and %s have no value", countText(c.Count), c.shown(c.Top[0]), countText(c.Missing)),
			"Only whether it is there tells rows apart: write the missing ones as a value of their own, or leave it out: "+drop(c.Name))
	case c.Count >= nearlyConstantRows && len(c.Top) > 0 && float64(c.Top[0].Count) >= nearlyConstant*float64(c.Count) && !j.isTarget(c):
		share := float64(c.Top[0].Count) / float64(c.Count)
		j.about(i, AlertNearlyConstant, SeverityInfo, share, fmt.Sprintf("%s of %s values (%s) are %s", countText(c.Top[0].Count), countText(c.Count), percent(share), c.shown(c.Top[0])),
			"A model hears little of the rest: keep it if the rare values matter, else "+drop(c.Name))
	}
	if c.Identifier != "" {
		remedy := "It names rows and says nothing of new ones: " + drop(c.Name)
		if j.isTarget(c) {
			remedy = "The name of a row cannot be predicted: predict another column"
		}
		j.about(i, AlertIdentifier, j.harm(c), 0, c.Identifier, remedy)
	}
	if dataset.Unnamed(c.Name) {
		j.about(i, AlertUnnamed, SeverityInfo, 0, "the header of the data has, or had, no name for it",
			"pandas writes row numbers so, unless told index=False: leave them out, "+drop(c.Name)+", or name the column at the source")
	}
	j.kinds(i, c)
	j.personal(i, c)
}

// kinds judges columns whose values are of several kinds though most are of one. Texts among
// which some are numbers are the normal case of text.
func (j *judge) kinds(i int, c *Column) {
	k := c.Kinds
	if k == (Kinds{}) || k.Text*2 >= c.Count {
		return
	}
	severity, name, most := SeverityWarning, dataset.Numeric, k.Number
	if k.Boolean > most {
		name, most = dataset.Boolean, k.Boolean
	}
	if k.Timestamp > most {
		name, most = dataset.Timestamp, k.Timestamp
	}
	share := float64(most) / float64(c.Count)
	if share < mixedShare {
		severity = SeverityInfo
	}
	var parts []string
	for _, part := range []struct {
		n    int
		name string
	}{{k.Number, "numbers"}, {k.Boolean, "booleans"}, {k.Timestamp, "moments"}, {k.Text, "texts"}} {
		if part.n > 0 {
			parts = append(parts, countText(part.n)+" "+part.name)
		}
	}
	evidence := fmt.Sprintf("%s, so that all are read as %s", strings.Join(parts, ", "), c.Type)
	var odd []Value
	for _, v := range c.Top {
		if _, err := dataset.ParseValue(name, v.Value); err != nil {
			odd = append(odd, v)
		}
	}
	if len(odd) > 0 {
		evidence += "; not " + string(name) + ": " + c.examples(odd)
	}
	j.about(i, AlertMixedTypes, severity, share, evidence,
		fmt.Sprintf("Correct the odd values at the source, leave those empty that mean \"no value\", and declare data.types: {%s: %s}", quoted(c.Name), name))
}

// isPersonal says whether enough of the values look like personal data.
func (c *Column) isPersonal() bool {
	return slices.ContainsFunc(c.Personal, func(p Personal) bool {
		limit, known := personalShares[p.Kind]
		return known && p.Share >= limit
	})
}

func (j *judge) personal(i int, c *Column) {
	var parts []string
	strongest := 0.0
	for _, p := range c.Personal {
		if limit, known := personalShares[p.Kind]; known && p.Share >= limit {
			parts = append(parts, fmt.Sprintf("%s of the values look like %s", percent(p.Share), personalNames[p.Kind]))
			strongest = max(strongest, p.Share)
		}
	}
	if len(parts) == 0 {
		return
	}
	evidence := strings.Join(parts, ", ")
	for _, v := range c.Top {
		if personalKind([]byte(v.Value)) != "" {
			evidence += ", such as " + Mask(v.Value)
			break
		}
	}
	j.about(i, AlertPersonal, SeverityWarning, strongest, evidence,
		"Leave it out of training and out of what is sent to predict: "+drop(c.Name)+"; better, do not store it with the data")
}

// texts judges columns of texts.
func (j *judge) texts(i int, c *Column) {
	if !c.Type.Coded() || c.Text == nil {
		return
	}
	if groups := c.Text.Variants; len(groups) > 0 {
		rows := 0
		var shown []string
		for n, group := range groups {
			for _, v := range group[1:] {
				rows += v.Count
			}
			if n < 3 {
				shown = append(shown, c.examples(group))
			}
		}
		if len(groups) > 3 {
			shown = append(shown, fmt.Sprintf("and %d groups more", len(groups)-3))
		}
		j.about(i, AlertVariants, SeverityWarning, float64(rows), "differ by case or white space alone: "+strings.Join(shown, "; "),
			"Write each value in one way at the source: a model takes these for different ones")
	}
	if c.isPersonal() || j.dates(i, c) {
		return
	}
	// These have an alert that says more; what is mostly numbers is to be corrected, not grouped.
	if c.Identifier != "" || c.Kinds.Text*2 < c.Count && c.Kinds != (Kinds{}) || j.isTarget(c) {
		return
	}
	distinct := float64(c.Distinct)
	about := ""
	if c.DistinctError > 0 {
		about = "about "
	}
	switch {
	case c.Type == dataset.Text:
		j.about(i, AlertCardinality, SeverityWarning, distinct, fmt.Sprintf("%s%s different texts in %s rows: free text", about, countText(c.Distinct), countText(c.Count)),
			fmt.Sprintf("Training hears its words and not their order: make columns of what matters in it, or %s; if these are labels, declare data.types: {%s: categorical}", drop(c.Name), quoted(c.Name)))
	case c.Distinct > highCardinality || c.Distinct > manyCategories && distinct*rowsPerCategory > float64(c.Count):
		j.about(i, AlertCardinality, SeverityInfo, distinct, fmt.Sprintf("%s%s categories in %s rows, %.1f rows each on average", about, countText(c.Distinct), countText(c.Count), float64(c.Count)/distinct),
			fmt.Sprintf("Put them into fewer, broader ones, or %s; training knows all but the most frequent (%d, in trees 255) by the target's mean alone", drop(c.Name), highCardinality))
	}
}

// clockTolerance allows for local times that are read as UTC: no zone is further ahead than 14
// hours, and a file may take time to be written.
const clockTolerance = 24 * time.Hour

// moments judges columns of moments.
func (j *judge) moments(i int, c *Column) {
	if c.Period == nil || j.options.Modified.IsZero() {
		return
	}
	last, err := time.Parse(time.RFC3339Nano, c.Period.Last)
	limit := j.options.Modified.Add(clockTolerance)
	if err != nil || !last.After(limit) {
		return
	}
	evidence := fmt.Sprintf("the last is %s, the data was written on %s", last.UTC().Format(time.DateOnly), j.options.Modified.UTC().Format(time.DateOnly))
	share := 0.0
	if q := quantilesOf(c); q != nil {
		if share = 1 - q.Rank(float64(limit.UnixMicro())); share > 0 {
			about := ""
			if !q.Exact() {
				about = "about "
			}
			evidence = fmt.Sprintf("%s%s of the moments are later than the data, which was written on %s; the last is %s",
				about, percent(share), j.options.Modified.UTC().Format(time.DateOnly), last.UTC().Format(time.DateOnly))
		}
	}
	severity := SeverityWarning
	if share > 0.5 { // a column of what is to come: due dates, expiries
		severity = SeverityInfo
	}
	j.about(i, AlertFuture, severity, share, evidence, "If these are not plans (a due date, an expiry), they are typing errors or a code for \"never\": correct them or make them missing")
}
