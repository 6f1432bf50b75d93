package training

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/feature"
)

// TestFeaturesAsConfigured: columns become what the config says, in trials, leaderboard and
// artifact; the others go by their facts.
func TestFeaturesAsConfigured(t *testing.T) {
	const config = `
data: {source: ../../testdata/penguins.csv, target: species}
search: {strategy: grid}
configurations:
  - learner: logistic
    features: {island: target mean, body_mass_g: uniform, year: leave out}
`
	e := engine(t)
	run := submit(t, e, parse(t, config))
	if _, err := e.Run(ctx, run, nil); err != nil {
		t.Fatal(err)
	}
	board, err := e.Leaderboard(ctx, run)
	if err != nil || board.Standings[0].Features["island"] != feature.TargetMean || len(board.Standings[0].Features) != 3 {
		t.Errorf("leaderboard %+v, %v", board, err)
	}
	_, p, _ := finished(t, config)
	methods := map[string][]feature.Method{}
	for _, c := range p.Members[0].Encoder.Columns {
		methods[c.Name] = append(methods[c.Name], c.Method)
	}
	for name, want := range map[string][]feature.Method{"island": {feature.TargetMean}, "body_mass_g": {feature.Uniform}, "year": nil, "sex": {feature.OneHot}} {
		if !slices.Equal(methods[name], want) {
			t.Errorf("%s got %q, want %q", name, methods[name], want)
		}
	}
	if p.Members[0].Configuration.Features["year"] != feature.LeaveOut {
		t.Errorf("configuration %+v", p.Members[0].Configuration)
	}
}

// TestFeaturesThatCannotBe are told with the config's place before anything is trained.
func TestFeaturesThatCannotBe(t *testing.T) {
	const base = "data: {source: ../../testdata/penguins.csv, target: species}\nconfigurations: [{learner: baseline}, {learner: logistic, features: {"
	for said, want := range map[string]string{
		"island: onehot":          `/configurations/1/features/island: unknown method "onehot"; did you mean "one-hot"?`,
		"isle: one-hot":           `/configurations/1/features/isle: the data has no column "isle"; known are species, island, bill_length_mm, bill_depth_mm, flipper_length_mm, body_mass_g, sex, year`,
		"species: one-hot":        `/configurations/1/features/species: is not among the inputs`,
		"island: power":           `/configurations/1/features/island: "power" is not for categorical columns; these are`,
		"island: indices":         `/configurations/1/features/island: "indices" is for learners that split categories themselves`,
		"sex: power, year: parts": `/configurations/1/features/sex: "power" is not for`,
	} {
		e := engine(t)
		c, err := ParseConfig([]byte(base + said + "}}]"))
		if err == nil {
			var run RunID
			if run, _, err = e.Submit(ctx, c); err == nil {
				_, err = e.Plan(ctx, run)
			}
		}
		var faulty *ConfigError
		if !errors.As(err, &faulty) || !strings.Contains(err.Error(), want) || len(faulty.Faults) != 1+strings.Count(said, ",") {
			t.Errorf("%s: %v, want %s", said, err, want)
		}
	}
}
