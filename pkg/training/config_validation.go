package training

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ValidationConfig says how rows are split. Whatever the scheme, equal rows lie on one side as
// far as it lets them, and the same rows are held out whenever the model is trained again.
type ValidationConfig struct {
	// Scheme is kfold (default); repeated: kfold again and again; holdout: one split; group:
	// folds that keep the rows of a group together; time: folds that test on what came later; or
	// predefined: the folds that a column says. Where Group, Time, Fold, Repeats or Share is
	// given it need not be named.
	Scheme string `json:"scheme"`
	// Folds of kfold, repeated, group and time, 2 to 50. Default 5.
	Folds int `json:"folds,omitempty"`
	// Repeats of repeated, 2 to 20. Default 3.
	Repeats int `json:"repeats,omitempty"`
	// Share of rows that holdout tests on, in (0, 1). Default 0.2.
	Share float64 `json:"share,omitempty"`
	// Stratify keeps the shares of classes in every fold of kfold, repeated, holdout and group.
	// Default: where there are classes.
	Stratify *bool `json:"stratify,omitempty"`
	// CopiesApart deals rows that are equal in every input like others in kfold, repeated and
	// holdout: where what will be predicted repeats what was learned as often as the rows do each
	// other, to remember is worth as much as it seems. Default false: they go to one fold.
	CopiesApart bool `json:"copies_apart,omitempty"`
	// Group names the column of scheme group: a customer, a patient, a machine. A row that has no
	// value in it is a group by itself.
	Group string `json:"group,omitempty"`
	// Time names the column of scheme time: timestamps, or numbers. Rows of one time stay together.
	Time string `json:"time,omitempty"`
	// Gap of scheme time is how much earlier than what is tested the rows are that are learned
	// from: as long as it takes to know a target. 7d, 12h, 30m or 90s for timestamps, else a
	// number. Default 0.
	Gap Gap `json:"gap,omitempty"`
	// Window of scheme time is expanding (default): a fold learns from all that came before; or
	// sliding: from the latest, as many rows as the first fold.
	Window string `json:"window,omitempty"`
	// Fold names the column of scheme predefined: whole numbers or texts, at most 100 different
	// ones, of which each is the test of a fold. Rows without a value, or with −1, are learned
	// from in every fold and tested in none.
	Fold string `json:"fold,omitempty"`
	// Keep leaves the column of Group, Time or Fold among the inputs. Default false: it only says
	// how rows are split.
	Keep bool `json:"keep,omitempty"`
	// Test is the share of rows, below 1, that are held out from all trials, to judge the final
	// model on; of scheme group, of the groups; of scheme time, the latest rows. Default: 0.2 of
	// 1,000 rows and more, 0.1 of 10,000 and more, else 0: none; of scheme predefined 0.
	Test *float64 `json:"test,omitempty"`
}

// The schemes.
const (
	schemeKFold      = "kfold"
	schemeRepeated   = "repeated"
	schemeHoldout    = "holdout"
	schemeGroup      = "group"
	schemeTime       = "time"
	schemePredefined = "predefined"
)

var schemes = []string{schemeKFold, schemeRepeated, schemeHoldout, schemeGroup, schemeTime, schemePredefined}

// Windows of scheme time.
const (
	windowExpanding = "expanding"
	windowSliding   = "sliding"
)

// Limits of what a trial may be: every fold is a fit.
const (
	maxFolds   = 50
	maxRepeats = 20
	maxFits    = 200 // of folds and repeats together
)

// Gap is a time: a number, or a number with a unit.
type Gap string

var gapForm = regexp.MustCompile(`^([0-9]{1,9}(?:\.[0-9]{1,9})?)([wdhms]?)$`)

// UnmarshalJSON reads a text, or a number without a unit.
func (g *Gap) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] != '"' {
		var number json.Number
		err := json.Unmarshal(text, &number)
		*g = Gap(number)
		return err
	}
	return json.Unmarshal(text, (*string)(g))
}

// value of a gap, and the duration of its unit, 0 if it has none.
func (g Gap) value() (number float64, unit time.Duration, ok bool) {
	if g == "" {
		return 0, 0, true
	}
	parts := gapForm.FindStringSubmatch(string(g))
	if parts == nil {
		return 0, 0, false
	}
	number, err := strconv.ParseFloat(parts[1], 64)
	units := map[string]time.Duration{"w": 7 * 24 * time.Hour, "d": 24 * time.Hour, "h": time.Hour, "m": time.Minute, "s": time.Second}
	return number, units[parts[2]], err == nil
}

func (v ValidationConfig) resolve() ValidationConfig {
	if v.Scheme == "" {
		v.Scheme = v.meant()
	}
	if v.Folds == 0 && v.has("folds") {
		v.Folds = 5
	}
	if v.Repeats == 0 && v.has("repeats") {
		v.Repeats = 3
	}
	if v.Share == 0 && v.has("share") {
		v.Share = 0.2
	}
	if v.Window == "" && v.has("window") {
		v.Window = windowExpanding
	}
	return v
}

// meant is the scheme that the keys speak of.
func (v ValidationConfig) meant() string {
	switch {
	case v.Group != "":
		return schemeGroup
	case v.Time != "":
		return schemeTime
	case v.Fold != "":
		return schemePredefined
	case v.Repeats != 0:
		return schemeRepeated
	case v.Share != 0:
		return schemeHoldout
	}
	return schemeKFold
}

// belongs lists the schemes that have a key; the others have all of them.
var belongs = map[string][]string{
	"folds":        {schemeKFold, schemeRepeated, schemeGroup, schemeTime},
	"repeats":      {schemeRepeated},
	"share":        {schemeHoldout},
	"stratify":     {schemeKFold, schemeRepeated, schemeHoldout, schemeGroup},
	"group":        {schemeGroup},
	"copies_apart": {schemeKFold, schemeRepeated, schemeHoldout},
	"time":         {schemeTime},
	"gap":          {schemeTime},
	"window":       {schemeTime},
	"fold":         {schemePredefined},
	"keep":         {schemeGroup, schemeTime, schemePredefined},
}

// has says whether the scheme has a key.
func (v ValidationConfig) has(key string) bool { return slices.Contains(belongs[key], v.Scheme) }

func (v ValidationConfig) faults(l *faultList) {
	if v.Test != nil && !(*v.Test >= 0 && *v.Test < 1) {
		l.add("/validation/test", "want a share from 0 to below 1, got %v", *v.Test)
	}
	if !slices.Contains(schemes, v.Scheme) {
		l.add("/validation/scheme", "unknown scheme %q: want %s", v.Scheme, strings.Join(schemes, ", "))
		return
	}
	for _, key := range []struct {
		name  string
		given bool
	}{
		{"folds", v.Folds != 0}, {"repeats", v.Repeats != 0}, {"share", v.Share != 0}, {"stratify", v.Stratify != nil}, {"group", v.Group != ""},
		{"time", v.Time != ""}, {"gap", v.Gap != ""}, {"window", v.Window != ""}, {"fold", v.Fold != ""}, {"keep", v.Keep},
		{"copies_apart", v.CopiesApart},
	} {
		if key.given && !v.has(key.name) {
			l.add("/validation/"+key.name, "belongs to scheme %s, not %s", strings.Join(belongs[key.name], ", "), v.Scheme)
		}
	}
	v.rangeFaults(l)
	for _, key := range []string{schemeGroup, schemeTime} {
		if v.Scheme == key && len(v.roles()) == 0 {
			l.add("/validation/"+key, "is required by scheme %s: a column", key)
		}
	}
	if v.Scheme == schemePredefined && v.Fold == "" {
		l.add("/validation/fold", "is required by scheme predefined: a column")
	}
}

// rangeFaults are of values that the scheme has and that are out of range.
func (v ValidationConfig) rangeFaults(l *faultList) {
	if v.has("folds") && (v.Folds < 2 || v.Folds > maxFolds) {
		l.add("/validation/folds", "want 2 to %d, got %d", maxFolds, v.Folds)
	}
	if v.has("repeats") && (v.Repeats < 2 || v.Repeats > maxRepeats) {
		l.add("/validation/repeats", "want 2 to %d, got %d", maxRepeats, v.Repeats)
	} else if v.has("repeats") && v.Repeats*v.Folds > maxFits {
		l.add("/validation/repeats", "%d repeats of %d folds are more than %d fits of every trial", v.Repeats, v.Folds, maxFits)
	}
	if v.has("share") && !(v.Share > 0 && v.Share < 1) {
		l.add("/validation/share", "want a share between 0 and 1, got %v", v.Share)
	}
	if v.has("window") && v.Window != windowExpanding && v.Window != windowSliding {
		l.add("/validation/window", "unknown window %q: want expanding or sliding", v.Window)
	}
	if _, _, ok := v.Gap.value(); !ok {
		l.add("/validation/gap", "want a time such as 7d, 12h, 30m or 90s, or a number, got %.40q", string(v.Gap))
	}
}

// roles are those of the columns that the split goes by.
func (v ValidationConfig) roles() []role {
	var all []role
	for _, r := range []role{{"/validation/group", "group", v.Group}, {"/validation/time", "time", v.Time}, {"/validation/fold", "fold", v.Fold}} {
		if r.column != "" {
			all = append(all, r)
		}
	}
	return all
}

// steeringFaults are of columns that cannot steer the split.
func (c Config) steeringFaults(l *faultList) {
	for _, r := range c.Validation.roles() {
		if c.Data.Schema.File == "" && !c.Data.Reads(r.column) {
			l.add(r.pointer, "%q is none of the columns to read", r.column)
		}
		for _, other := range c.Data.roles() {
			if other.column == r.column {
				l.add(r.pointer, "%q is the %s", r.column, other.part)
			}
		}
	}
}
