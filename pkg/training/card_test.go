package training

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/report"
)

const cardSchemaPath = "../../docs/card.schema.json"

// cardSchema is made of the Go types and the comments of their fields, as that of configs is.
func cardSchema(t *testing.T) []byte {
	t.Helper()
	m := &schemaMaker{comments: map[string]string{}, seen: map[string]bool{}}
	m.read(t, "../report")
	m.read(t, "../dataset")
	of := reflect.TypeFor[report.Card]()
	var required []string
	for i := range of.NumField() {
		if name, options, _ := strings.Cut(of.Field(i).Tag.Get("json"), ","); options == "" {
			required = append(required, name)
		}
	}
	text, err := json.MarshalIndent(object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"$id", "urn:foretell:card"}, {"title", "Model card"},
		{"description", "What runs/<run>/card.json is and GET /v1/models/{model}/versions/{version}/card answers. Made from the Go types by go test ./pkg/training -run Schema -update."},
		{"type", "object"}, {"additionalProperties", false}, {"required", required}, {"properties", m.properties(of)}, {"$defs", m.defs},
	}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

func TestCardSchemaIsThatOfTheTypes(t *testing.T) {
	made := cardSchema(t)
	if *update {
		if err := os.WriteFile(cardSchemaPath, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(cardSchemaPath)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, made) {
		t.Errorf("%s is not that of the types; run go test ./pkg/training -run Schema -update", cardSchemaPath)
	}
}

// fitsCard validates a card.
func fitsCard(t *testing.T, card []byte) error {
	t.Helper()
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(cardSchema(t)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("card.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("card.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(card))
	if err != nil {
		t.Fatal(err)
	}
	return compiled.Validate(document)
}

// shownObjects are the page and the cards of a run.
func shownObjects(t *testing.T, e *Engine, run RunID) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range []string{reportObject, cardMarkdownObject, cardObject} {
		body, _, err := registry.Read(ctx, e.Registry.Store, run.key(name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = body
	}
	return all
}

// TestRunIsShown: a run leaves a page and a card that say what the verdict says, the same bytes
// whoever concludes it, with importance and dependence on rows that were held out or not.
func TestRunIsShown(t *testing.T) {
	for name, text := range map[string]string{
		"multiclass, out of fold": penguins,
		"binary, held out":        "model: sex\ndata: {source: ../../testdata/penguins.csv, target: sex}\nvalidation: {test: 0.2}\nsearch: {strategy: random, trials: 3}\nensemble: {size: 3}\nsegments: {columns: [island]}\nconfigurations: [{learner: logistic, params: {l2: {log: [0.01, 1]}}}, {learner: boosting, params: {rounds: [5, 10]}}]",
		"regression, intervals":   "model: mass\ndata: {source: ../../testdata/penguins.csv, target: body_mass_g}\nvalidation: {test: 0.2}\nintervals: {coverage: 0.9}\nsearch: {strategy: random, trials: 2}\nconfigurations: [{learner: linear}, {learner: boosting, params: {rounds: 10}}]",
	} {
		t.Run(name, func(t *testing.T) {
			var before map[string][]byte
			for _, workers := range []int{1, 3} {
				e := engine(t)
				e.Workers = workers
				run := submit(t, e, parse(t, text))
				if _, err := e.Card(ctx, run); err == nil || !strings.Contains(err.Error(), "report of run") {
					t.Errorf("a card before the run: %v", err)
				}
				v, err := e.Run(ctx, run, nil)
				if err != nil {
					t.Fatal(err)
				}
				now := shownObjects(t, e, run)
				if before != nil && !reflect.DeepEqual(now, before) {
					t.Error("another number of workers, another page or card")
				}
				before = now
				holdsVerdict(t, e, v, now)
			}
		})
	}
}

// holdsVerdict compares what is shown with the verdict.
func holdsVerdict(t *testing.T, e *Engine, v Verdict, shown map[string][]byte) {
	t.Helper()
	card, err := e.Card(ctx, v.Run)
	if err != nil {
		t.Fatal(err)
	}
	if card.Version != v.Version || card.Digest != v.Digest || card.Verdict.Promoted != v.Promoted || card.Verdict.Reason != v.Reason || len(card.Selection.Members) != len(v.Members) {
		t.Errorf("card %+v of verdict %+v", card, v)
	}
	if card.Quality.CrossValidated[0].Metric != v.Metric || card.Quality.CrossValidated[0].Score != v.Score {
		t.Errorf("cross-validated %+v, want %s %v", card.Quality.CrossValidated, v.Metric, v.Score)
	}
	if v.Tested != nil {
		first := card.Quality.Tested[0]
		if first.Score != v.Tested.Scores[v.Metric] || [2]float64{*first.Low, *first.High} != v.Tested.Intervals[v.Metric] || card.Training.HeldOut != v.Tested.Rows {
			t.Errorf("tested %+v, want %+v", first, v.Tested)
		}
	} else if card.Quality.Tested != nil {
		t.Error("tested on no rows")
	}
	if len(card.Importance) == 0 || len(card.Inputs) != 7 {
		t.Errorf("importance of %d columns, %d inputs", len(card.Importance), len(card.Inputs))
	}
	for i := 1; i < len(card.Importance); i++ {
		if card.Importance[i].Drop > card.Importance[i-1].Drop {
			t.Error("the importance is not in order")
		}
	}
	if err := fitsCard(t, shown[cardObject]); err != nil {
		t.Errorf("the card does not fit its schema: %v", err)
	}
	if broken := bytes.Replace(shown[cardObject], []byte(`"limits"`), []byte(`"limit"`), 1); fitsCard(t, broken) == nil {
		t.Error("a card with a wrong key fits the schema")
	}
	page := string(shown[reportObject])
	for _, want := range []string{v.Digest, string(v.Run), `id="h-matters"`, `id="h-depends"`, `id="h-judged"`, "model: " + string(v.Model)} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(page, "NaN") || regexp.MustCompile(`20\d\d-\d\d-\d\dT`).MatchString(page) {
		t.Error("the page has NaN or a time")
	}
	if md := string(shown[cardMarkdownObject]); !strings.Contains(md, v.Digest) || !strings.Contains(md, "# "+string(v.Model)+", version ") {
		t.Errorf("card.md: %s", md)
	}
}

// Importance: a column that nothing depends on matters nothing, and the only one that the
// target follows from matters most; shuffling it leaves what knowing nothing has.
func TestImportanceFindsTheColumn(t *testing.T) {
	e := engine(t)
	run := submit(t, e, parse(t, "model: m\ndata: {source: ../../testdata/penguins.csv, target: body_mass_g, columns: [body_mass_g, flipper_length_mm, year]}\nvalidation: {test: 0.3}\nconfigurations: [{learner: linear}]\nsearch: {trials: 1}"))
	if _, err := e.Run(ctx, run, nil); err != nil {
		t.Fatal(err)
	}
	card, err := e.Card(ctx, run)
	if err != nil {
		t.Fatal(err)
	}
	page, err := e.Report(ctx, run)
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range []string{"h-adds", "h-learning"} {
		if !strings.Contains(string(page), `<section aria-labelledby="`+section) {
			t.Errorf("the page has no section %s", section)
		}
	}
	if len(card.Importance) == 0 || card.Importance[0].Column != "flipper_length_mm" || card.Importance[0].Low < 100 {
		t.Errorf("importance %+v", card.Importance)
	}
	for _, i := range card.Importance[1:] {
		if math.Abs(i.Drop) > card.Importance[0].Drop/10 {
			t.Errorf("importance %+v", card.Importance)
		}
	}
}
