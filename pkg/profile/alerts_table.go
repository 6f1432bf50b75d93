package profile

import (
	"fmt"
	"math"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/sketch"
)

const (
	// Cross-validation by five folds needs two rows of a class in each to be worth its name.
	rowsPerClass = 10
	// Ten times as many of one class: accuracy is 91 % for whoever never says the other.
	imbalanced = 10
	// A variance inflation factor of 10, from which on coefficients mean little (Marquardt,
	// Technometrics 12, 1970), is r² = 0.9.
	correlated = 0.95
	// Fewer rows correlate by chance.
	correlatedRows = 30

	// The strongest honest columns known tell 0.86 (petal width of Iris) and 0.73 (worst
	// perimeter of Wisconsin's breast cancers); a copy of the target tells 1.
	leakShare, copyShare = 0.9, 0.98
	// For a number in 20 bins, of which the edges blur, 0.65 is a correlation of 0.99.
	leakShareNumber, copyShareNumber = 0.65, 0.9
	// A correlation that measurements seldom have with each other.
	leakCorrelation, copyCorrelation = 0.99, 0.9999
	// Half of the churned customers have a reason for it and nobody else has: 0.4 if one in ten
	// churned.
	leakMissing, copyMissing = 0.3, 0.9
	// Rows times information: e^20 to 1 against chance, whatever the shares.
	leakEvidence = 20
	// Categories of fewer rows tell a target by being few.
	leakRowsPerCategory = 5
)

// duplicates judges repeated rows. A table of a few categories repeats rows by chance: of n
// rows over m equally likely combinations n²/2m pairs are equal.
func (j *judge) duplicates() {
	d := j.Duplicates
	if d == nil || d.Rows == 0 || float64(d.Rows) <= 3*d.Error {
		return
	}
	pairs := float64(j.Rows) / 2
	for i := range j.Columns {
		pairs /= float64(max(1, j.Columns[i].Distinct))
	}
	if pairs*float64(j.Rows) >= float64(d.Rows) {
		return
	}
	share := float64(d.Rows) / float64(j.Rows)
	severity, about := SeverityInfo, ""
	if share >= 0.01 {
		severity = SeverityWarning
	}
	if d.Error > 0 {
		about = "about "
	}
	j.findings = append(j.findings, finding{
		Alert: Alert{Kind: AlertDuplicates, Severity: severity,
			Evidence: fmt.Sprintf("%s%s of %s rows (%s) repeat an earlier row in every column", about, countText(d.Rows), countText(j.Rows), percent(share)),
			Remedy:   "If they are copies, remove them: a copy in another fold makes a model look better than it is. If they are different things that are alike, keep them"},
		column: -1, strength: share,
	})
}

// correlated puts columns together that go with each other so closely that one is enough.
func (j *judge) correlated() {
	if j.Pairs == nil {
		return
	}
	group := map[int]int{} // column → the least column of its group
	root := func(i int) int {
		if _, ok := group[i]; !ok {
			group[i] = i
		}
		for group[i] != i {
			i = group[i]
		}
		return i
	}
	var pairs []Pair
	for _, pair := range j.Pairs.Strongest {
		a, knownA := j.columns[pair.A]
		b, knownB := j.columns[pair.B]
		if !knownA || !knownB || pair.Strength < correlated || pair.Rows < correlatedRows || pair.A == j.options.Target || pair.B == j.options.Target {
			continue
		}
		if most := max(j.categories(a), j.categories(b)); most*rowsPerCategory > pair.Rows || j.Columns[a].Distinct < 2 || j.Columns[b].Distinct < 2 {
			continue
		}
		low, high := min(root(a), root(b)), max(root(a), root(b))
		group[high] = low
		pairs = append(pairs, pair)
	}
	for first := range j.Columns {
		if at, ok := group[first]; !ok || at != first {
			continue
		}
		is := map[int]bool{}
		var strongest Pair
		for _, pair := range pairs {
			if root(j.columns[pair.A]) == first {
				is[j.columns[pair.A]], is[j.columns[pair.B]] = true, true
				if pair.Strength > strongest.Strength {
					strongest = pair
				}
			}
		}
		names := j.named(is)
		severity, of := SeverityWarning, ""
		if len(is) > 2 {
			of = fmt.Sprintf("%d columns go with each other, the closest: ", len(is))
		}
		j.findings = append(j.findings, finding{
			Alert: Alert{Kind: AlertCorrelated, Severity: severity, Columns: names,
				Evidence: of + strongest.sentence(),
				Remedy:   "One of them says what the others do; for linear models keep one: " + drop(names[1:min(len(names), 6)]...)},
			column: first, strength: strongest.Strength,
		})
	}
}

// categories is how many categories a column has, 0 of numbers.
func (j *judge) categories(i int) int {
	if c := &j.Columns[i]; c.Type.Coded() {
		return c.Distinct
	}
	return 0
}

// sentence says how two columns go together.
func (p *Pair) sentence() string {
	var parts []string
	for _, m := range []struct {
		name  string
		value *float64
	}{{"Pearson", p.Pearson}, {"Spearman", p.Spearman}, {"Cramér's V", p.CramersV}, {"correlation ratio", p.CorrelationRatio}} {
		if m.value != nil {
			parts = append(parts, fmt.Sprintf("%s %.3f", m.name, *m.value))
		}
	}
	return fmt.Sprintf("%s and %s in %s rows: %s", quoted(p.A), quoted(p.B), countText(p.Rows), strings.Join(parts, ", "))
}

// target judges the target's classes, and the columns that tell it.
func (j *judge) target() {
	at, ok := j.columns[j.options.Target]
	if !ok || j.options.Target == "" {
		return
	}
	target := &j.Columns[at]
	j.imbalance(at, target)
	if j.Target == nil {
		return
	}
	entropy := 0.0 // of the target, in nats
	for _, r := range j.Target.Relations {
		if r.Share > 0 && r.Information/r.Share > entropy {
			entropy = r.Information / r.Share
		}
	}
	if entropy == 0 { // no value of any column tells anything, and yet being filled may
		entropy = target.entropy()
	}
	isNumber := target.Type == dataset.Numeric && target.Distinct > 2
	for _, r := range j.Target.Relations {
		if i, ok := j.columns[r.Column]; ok && i != at {
			j.leak(i, r, entropy, isNumber)
		}
	}
}

func (j *judge) leak(i int, r Relation, entropy float64, isNumber bool) {
	rows := float64(j.Target.Rows)
	look := "If it is known only once the target is, leave it out: " + drop(r.Column) + "; ask how and when it is filled"
	limit, twin := leakShare, copyShare
	if isNumber {
		limit, twin = leakShareNumber, copyShareNumber
	}
	strength, evidence, severity := 0.0, "", SeverityWarning
	if n := j.categories(i); r.Share >= limit && rows*r.Information >= leakEvidence && float64(n*leakRowsPerCategory) <= rows && j.Columns[i].Identifier == "" {
		strength, evidence = r.Share, fmt.Sprintf("it alone tells %s of what there is to know of %s", percent(min(1, r.Share)), quoted(j.Target.Column))
		if r.Share >= twin {
			severity = SeverityError
		}
	}
	if p := r.Pair; p != nil && p.Rows >= correlatedRows && isNumber {
		c := 0.0
		for _, v := range []*float64{p.Pearson, p.Spearman} {
			if v != nil {
				c = max(c, math.Abs(*v))
			}
		}
		if c >= leakCorrelation {
			strength, evidence = max(strength, c), strings.TrimPrefix(evidence+"; "+p.sentence(), "; ")
			if c >= copyCorrelation {
				severity = SeverityError
			}
		}
	}
	if m := r.Missing; m != nil && *m >= leakMissing && rows**m*entropy >= leakEvidence {
		strength, evidence = max(strength, *m), strings.TrimPrefix(fmt.Sprintf("%s; whether it is filled (in %s of %s rows) tells %s of what there is to know of %s",
			evidence, countText(j.Columns[i].Count), countText(j.Rows), percent(min(1, *m)), quoted(j.Target.Column)), "; ")
		if *m >= copyMissing {
			severity = SeverityError
		}
	}
	if evidence != "" {
		j.about(i, AlertLeakage, severity, strength, evidence, look)
	}
}

// imbalance judges the classes of a target, by the rule of dataset.InferTask for what is one
// with classes.
func (j *judge) imbalance(i int, c *Column) {
	classes := c.Type == dataset.Categorical || c.Type == dataset.Boolean ||
		c.Type == dataset.Numeric && c.Distinct == 2 && c.Numeric != nil && c.Numeric.Integers == c.Count
	counts := c.classes()
	if !classes || len(counts) < 2 {
		return
	}
	most, least, few := counts[0], counts[0], 0
	for _, v := range counts {
		if v.Count > most.Count {
			most = v
		}
		if v.Count < least.Count {
			least = v
		}
		if v.Count < rowsPerClass {
			few++
		}
	}
	ratio := float64(most.Count) / float64(least.Count)
	if few == 0 && ratio < imbalanced {
		return
	}
	severity := SeverityInfo
	evidence := fmt.Sprintf("%s has %s rows (%s), %s has %s", c.shown(least), countText(least.Count), percent(float64(least.Count)/float64(c.Count)),
		c.shown(most), countText(most.Count))
	remedy := "Judge by log_loss, roc_auc or macro_f1 rather than accuracy, and look at the scores of the rare class"
	if few > 0 {
		severity = SeverityWarning
		evidence += fmt.Sprintf("; %d of %d classes have less than %d rows", few, len(counts), rowsPerClass)
		remedy = "Too few to learn and to check: collect more rows of the rare classes, or put classes together"
	}
	j.about(i, AlertImbalance, severity, ratio, evidence, remedy)
}

// entropy of the values, in nats: those of classes as far as they are known, and of numbers in
// as many bins as relations have, at most.
func (c *Column) entropy() float64 {
	if c.Type == dataset.Numeric && c.Distinct > 2 {
		return math.Log(float64(min(c.Distinct, maxBins)))
	}
	entropy := 0.0
	for _, v := range c.classes() {
		if share := float64(v.Count) / float64(c.Count); share > 0 {
			entropy -= float64(share * math.Log(share))
		}
	}
	return entropy
}

// classes are the values with their counts: all that the sketch of frequent values has, else
// the most frequent.
func (c *Column) classes() []Value {
	if c.Distinct <= len(c.Top) || c.Sketches == nil || len(c.Sketches.Frequent) == 0 {
		return c.Top
	}
	texts := new(sketch.Texts)
	if texts.UnmarshalBinary(c.Sketches.Frequent) != nil || !texts.Exact() {
		return c.Top
	}
	var all []Value
	for _, v := range texts.Top(texts.Len()) {
		all = append(all, newValue(v.Item, int(v.N)))
	}
	return all
}
