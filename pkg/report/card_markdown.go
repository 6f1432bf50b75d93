package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// How much of a card its Markdown shows; the JSON has all.
const (
	maxCardInputs  = 100
	maxCardClasses = 20
	maxCardMembers = 25
)

// CardMarkdown writes a card for people. Names from the data are put in code spans, so that none
// of them is read as Markdown or HTML.
func CardMarkdown(w io.Writer, c *Card) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s, version %d\n\n", safe(c.Model), c.Version)
	c.predicts(&b)
	c.quality(&b)
	c.limits(&b)
	c.made(&b)
	c.inputs(&b)
	fmt.Fprintf(&b, "\n## Digests\n\n- artifact: `%s` (SHA-256)\n- data: `%s`\n- run: `%s`\n", safe(c.Digest), safe(c.Training.Data), safe(c.Run))
	_, err := io.WriteString(w, b.String())
	return err
}

// span is text from data as a code span; it cannot end it.
func span(content string) string {
	if content = cut(safe(content), maxWhole); content == "" {
		return "(no name)"
	}
	return "`" + strings.NewReplacer("`", "'", "|", "¦").Replace(content) + "`"
}

// plain is a sentence, some of whose words may be from data: what Markdown or HTML would read in
// it is escaped.
func plain(content string) string {
	var b strings.Builder
	for _, r := range cut(safe(content), maxWhole) {
		if strings.ContainsRune("\\`*_[]<>|#&!~", r) {
			if r == '<' || r == '>' || r == '&' {
				b.WriteString(map[rune]string{'<': "&lt;", '>': "&gt;", '&': "&amp;"}[r])
				continue
			}
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (c *Card) predicts(b *strings.Builder) {
	p := c.Predicts
	fmt.Fprintf(b, "Predicts %s (%s) from %s.\n", span(p.Column), p.Task, plural(len(c.Inputs), "column", "columns"))
	if p.Task != dataset.Regression {
		names := make([]string, 0, maxCardClasses)
		for _, class := range p.Classes[:min(len(p.Classes), maxCardClasses)] {
			names = append(names, span(class))
		}
		if more := len(p.Classes) - len(names); more > 0 {
			names = append(names, count(more)+" more")
		}
		fmt.Fprintf(b, "\n- classes: %s\n- decision: %s\n", strings.Join(names, ", "), plain(p.Decision))
		calibrated := p.Calibration
		if calibrated == "" {
			calibrated = "none"
		}
		fmt.Fprintf(b, "- calibration of the probabilities: %s\n", calibrated)
	}
	if p.Coverage > 0 {
		fmt.Fprintf(b, "\nEach value comes with an interval that holds the truth for %s of rows like those learned from.\n", percentOf(p.Coverage))
	}
}

func (c *Card) quality(b *strings.Builder) {
	q := c.Quality
	direction := "smaller is better"
	if q.Greater {
		direction = "greater is better"
	}
	fmt.Fprintf(b, "\n## How good it is\n\nThe metric is %s; %s.", q.Metric, direction)
	if len(q.Tested) > 0 {
		fmt.Fprintf(b, " Tested is on %s rows that had no part in making or choosing it, with %s intervals.", count(c.Training.HeldOut), percentOf(q.Confidence))
	} else {
		b.WriteString(" No rows were held out: the cross-validated score is that of what was chosen by it, so expect a bit less.")
	}
	if q.StandardError > 0 {
		fmt.Fprintf(b, " The standard error of the cross-validated %s over %s is %s.", q.Metric, plural(c.Training.Folds, "fold", "folds"), number(round(q.StandardError, 2)))
	}
	b.WriteString("\n\n| metric | tested | interval | cross-validated |\n| --- | ---: | --- | ---: |\n")
	tested := map[string]CardScore{}
	for _, s := range q.Tested {
		tested[s.Metric] = s
	}
	line := func(name, cross string) {
		score, interval := "–", ""
		if s, ok := tested[name]; ok {
			if score = number(s.Score); s.Low != nil && s.High != nil {
				interval = number(*s.Low) + " to " + number(*s.High)
			}
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", name, score, interval, cross)
	}
	listed := map[string]bool{}
	for _, s := range q.CrossValidated {
		line(s.Metric, number(s.Score))
		listed[s.Metric] = true
	}
	for _, s := range q.Tested {
		if !listed[s.Metric] {
			line(s.Metric, "–")
		}
	}
	for i, imp := range c.Importance {
		if i == 0 {
			b.WriteString("\nColumns that matter most, by what the metric loses when they are shuffled:\n\n")
		}
		fmt.Fprintf(b, "%d. %s: %s (%s to %s)\n", i+1, span(imp.Column), number(round(imp.Drop, 3)), number(round(imp.Low, 3)), number(round(imp.High, 3)))
	}
}

func (c *Card) limits(b *strings.Builder) {
	b.WriteString("\n## Limits\n\n")
	for _, limit := range c.Limits {
		fmt.Fprintf(b, "- %s\n", plain(limit))
	}
	for i, warning := range c.Warnings {
		if i == maxWarnings {
			fmt.Fprintf(b, "- %d more warnings are in the JSON\n", len(c.Warnings)-i)
			break
		}
		fmt.Fprintf(b, "- warning: %s\n", plain(warning))
	}
}

func (c *Card) made(b *strings.Builder) {
	t, s := c.Training, c.Selection
	fmt.Fprintf(b, "\n## How it was made\n\n- from %s: %s rows learned from, %s held out; validation by %s, %s; seed %d\n", span(t.Source), count(t.Rows), count(t.HeldOut), t.Scheme, plural(t.Folds, "fold", "folds"), t.Seed)
	fmt.Fprintf(b, "- chosen among %s by %s (%s failed)\n", plural(s.Trials, "trial", "trials"), s.Strategy, count(s.Failed))
	for _, l := range s.Learners {
		best := "all failed"
		if l.Best != nil {
			best = "best " + number(*l.Best)
		}
		fmt.Fprintf(b, "- %s: %s, %s\n", l.Learner, plural(l.Trials, "trial", "trials"), best)
	}
	b.WriteString("\nServed:\n\n")
	for i, m := range s.Members {
		if i == maxCardMembers {
			fmt.Fprintf(b, "- %d more members are in the JSON\n", len(s.Members)-i)
			break
		}
		fmt.Fprintf(b, "- %s %s", percentOf(m.Weight), m.Learner)
		if len(m.Params) > 0 {
			b.WriteString(": " + span(params(m.Params)))
		}
		b.WriteByte('\n')
	}
	v := c.Verdict
	said := "Not promoted"
	if v.Promoted {
		said = "Promoted to champion"
	}
	fmt.Fprintf(b, "\n%s: %s\n", said, plain(sentence(v.Reason)))
	for _, g := range v.Comparisons {
		fmt.Fprintf(b, "\nOn %s %s rows its %s is %s, that of version %d %s: better by %s (%s interval %s to %s).\n", count(g.Rows), g.On, g.Metric, number(g.Score), v.Champion,
			number(g.Champion), signed(g.Gain), percentOf(g.Confidence), signed(g.Low), signed(g.High))
	}
}

func (c *Card) inputs(b *strings.Builder) {
	b.WriteString("\n## Inputs\n\n| column | type | in the data learned from | missing |\n| --- | --- | --- | ---: |\n")
	for i, in := range c.Inputs {
		if i == maxCardInputs {
			fmt.Fprintf(b, "\n%s more are in the JSON.\n", count(len(c.Inputs)-i))
			break
		}
		had := ""
		switch {
		case in.Min != nil && in.Max != nil && in.Type == dataset.Timestamp:
			had = moment(*in.Min) + " to " + moment(*in.Max)
		case in.Min != nil && in.Max != nil:
			had = number(*in.Min) + " to " + number(*in.Max)
		case in.Levels > 0:
			had = plural(in.Levels, "value", "values")
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", span(in.Column), in.Type, had, percentOf(in.Missing))
	}
}
