package training

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// blocking are the names of the gates that block the plan of a config.
func blocking(t *testing.T, config string) (names []string, gates Gates) {
	t.Helper()
	e := engine(t)
	_, err := e.Plan(ctx, submit(t, e, parse(t, config)))
	var blocked *BlockedError
	if err != nil && !errors.As(err, &blocked) {
		t.Fatal(err)
	}
	if blocked != nil {
		gates = blocked.Gates
	}
	for _, g := range gates.Blocking {
		names = append(names, g.Name)
	}
	return names, gates
}

// TestHonestDataIsNotBlocked plans every set of testdata, for every target that makes sense.
func TestHonestDataIsNotBlocked(t *testing.T) {
	for _, data := range []string{
		"adult.csv, target: income", "adult.csv, target: income, drop: [fnlwgt]", "adult.csv, target: sex", "adult.csv, target: age",
		"adult.csv, target: hours_per_week, task: regression",
		"penguins.csv, target: species", "penguins.csv, target: sex", "penguins.csv, target: island", "penguins.csv, target: body_mass_g",
		"penguins.csv, target: flipper_length_mm, task: regression", "penguins.csv, target: year, task: multiclass",
		"wine-quality-white.csv, target: quality, task: regression", "wine-quality-white.csv, target: quality, task: multiclass",
		"wine-quality-white.csv, target: density, task: regression", "california-housing.csv, target: median_house_value",
		"california-housing.csv, target: ocean_proximity", "california.csv, target: median_house_value",
	} {
		if names, _ := blocking(t, "data: {source: ../../testdata/"+data+"}"); len(names) > 0 {
			t.Errorf("%s is blocked by %q", data, names)
		}
	}
}

// adultWith writes the adult data with a column more, made of the row and its income.
func adultWith(t *testing.T, name string, value func(i int, rich bool) string) string {
	t.Helper()
	return appended(t, "../../testdata/adult.csv", name, func(i int, line string) string {
		return value(i, strings.Contains(line, ">50K"))
	})
}

// TestLeaksBlock: a copy of the target, one that is wrong in one row of a hundred, a column
// filled for one class alone, also if for half of it only, are found in adult, whichever type
// they are of, and blocked by their names; accepted, they are trained on, and verdict, manifest
// and artifact tell.
func TestLeaksBlock(t *testing.T) {
	for leak, value := range map[string]func(i int, rich bool) string{
		"copy":   func(_ int, rich bool) string { return map[bool]string{true: "yes", false: "no"}[rich] },
		"number": func(i int, rich bool) string { return fmt.Sprint(map[bool]int{true: 1000, false: 0}[rich] + i%500) },
		"wrong":  func(i int, rich bool) string { return map[bool]string{true: "yes", false: "no"}[rich != (i%150 == 0)] },
		"bonus": func(i int, rich bool) string {
			if rich {
				return fmt.Sprint(i % 977)
			}
			return ""
		},
		"half": func(i int, rich bool) string {
			if rich && i%2 == 0 {
				return fmt.Sprint("reason ", i%5)
			}
			return ""
		},
	} {
		config := "data: {source: " + adultWith(t, leak, value) + ", target: income}\nsearch: {trials: 1}\nconfigurations: [{learner: boosting, params: {rounds: 3}}]\n"
		names, gates := blocking(t, config)
		if !slices.Equal(names, []string{"leakage:" + leak}) || gates.Blocking[0].Column != leak || !strings.Contains(gates.Blocking[0].Evidence, "of what there is to know of \"income\"") || gates.Blocking[0].Remedy == "" {
			t.Errorf("%s: blocked by %+v", leak, gates)
		}
		if names, _ := blocking(t, strings.Replace(config, "target: income", "target: income, drop: ["+leak+"]", 1)); len(names) > 0 {
			t.Errorf("%s is left out, and blocks by %q", leak, names)
		}
		if leak != "copy" {
			continue
		}
		verdict, p, manifest := finished(t, config+"accept: ['leakage:copy', 'leakage:cpoy']\n")
		if !slices.Equal(manifest.Accepted, []string{"leakage:copy"}) || !slices.Equal(p.Lineage.Accepted, manifest.Accepted) ||
			!strings.Contains(fmt.Sprint(verdict.Warnings), "accepted leakage:copy: column \"copy\": it alone tells 100 %") || !strings.Contains(fmt.Sprint(verdict.Warnings), "accept names leakage:cpoy") {
			t.Errorf("manifest %+v, lineage %+v, warnings %q", manifest, p.Lineage, verdict.Warnings)
		}
	}
}

// TestSuspicionsAreWarnings: a measurement that goes closely with a number is no proof.
func TestSuspicionsAreWarnings(t *testing.T) {
	file := csvFile(t, "x,z,y", 400, func(i int) string { return fmt.Sprintf("%d,%d,%d", i*7919%401, i%11, i*7919%401*10+i*i%257) })
	plan, _ := planned(t, "data: {source: "+file+", target: y, task: regression}")
	if len(plan.Warnings) != 1 || !strings.Contains(plan.Warnings[0], `column "x": `) || !strings.Contains(plan.Warnings[0], "ask how and when it is filled") {
		t.Errorf("warnings %q", plan.Warnings)
	}
}

func TestTooFewRows(t *testing.T) {
	file := csvFile(t, "x,z,y,kind,same", 19, func(i int) string {
		return fmt.Sprintf("%d,%d,%d,%c,3", i*7919%401, i%7, i*i%11, "aaaaaaabbbbbbbbccddd"[i])
	})
	base := "data: {source: " + file + ", drop: [x], target: "
	for config, want := range map[string][]string{
		"y, task: regression}":                                           {"rows"},
		"y, task: regression}\naccept: [rows]":                           nil,
		"same, task: regression}":                                        {"rows", "target"},
		"kind, task: multiclass}":                                        {"rows", "classes:c", "classes:d"},
		"kind, task: multiclass}\naccept: [rows, 'classes:c']":           {"classes:d"},
		"kind, task: multiclass}\naccept: [rows, classes]":               nil,
		"kind, task: multiclass}\nvalidation: {folds: 2}":                {"rows"},
		"kind, task: multiclass}\nvalidation: {folds: 3}":                {"rows", "classes:c", "classes:d"},
		"kind, task: multiclass}\nvalidation: {scheme: holdout}":         {"rows"},
		"kind, task: multiclass}\nvalidation: {time: x}\naccept: [rows]": nil,
	} {
		if names, _ := blocking(t, base+config); !slices.Equal(names, want) {
			t.Errorf("%s: blocked by %q, want %q", config, names, want)
		}
	}
	plan, _ := planned(t, base+"kind, task: multiclass}\naccept: [rows, classes]")
	if text := strings.Join(plan.Warnings, "\n"); !strings.Contains(text, `class "a" has 7 rows, few to be judged`) || !strings.Contains(text, `accepted classes:c: class "c" has 2 rows`) {
		t.Errorf("warnings %q", plan.Warnings)
	}
	many := csvFile(t, "x,y", 60, func(i int) string { return fmt.Sprintf("%d,%d", i*i%53, i%17) })
	if names, _ := blocking(t, "data: {source: "+many+", target: y, task: regression}\nvalidation: {folds: 31}"); !slices.Equal(names, []string{"rows"}) {
		t.Errorf("31 folds of 60 rows are blocked by %q", names)
	}
}

func TestAcceptInConfigs(t *testing.T) {
	const base = "data: {source: a.csv, target: y}\naccept: "
	if c := parse(t, base+"['leakage:a:b', constraints, 'constraints:x', classes, rows, target]"); len(c.Accept) != 6 {
		t.Errorf("%q", c.Accept)
	}
	for accept, want := range map[string]string{
		"[leakage]":                              "/accept/0: want leakage:<column>",
		"[rows, 'leakge:x']":                     `/accept/1: "leakge:x" is nothing that blocks a run; did you mean "leakage"?`,
		"['rows:3']":                             "/accept/0: want rows",
		"[rows, rows]":                           `/accept/1: "rows" is named twice`,
		"['classes:']":                           "/accept/0: want classes",
		"everything":                             "/accept: want a list",
		"[" + strings.Repeat("rows,", 101) + "]": "/accept: want 100 at most",
	} {
		_, err := ParseConfig([]byte(base + accept))
		var faulty *ConfigError
		if !errors.As(err, &faulty) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", accept, err)
		}
	}
}

func TestLongListsOfGatesAreCut(t *testing.T) {
	e := &BlockedError{Source: "a.csv"}
	for i := range 30 {
		e.Gates.Blocking = append(e.Gates.Blocking, Gate{Name: fmt.Sprint("classes:", i), Evidence: "few"})
	}
	if text := e.Error(); strings.Count(text, "few") != shownGates || !strings.HasSuffix(text, "and 10 more") {
		t.Errorf("%s", text)
	}
}

// TestBlockedAgain: what blocked a run stays with it, and is found again.
func TestBlockedAgain(t *testing.T) {
	e := engine(t)
	file := csvFile(t, "x,y", 12, func(i int) string { return fmt.Sprintf("%d,%d", i*i%53, i%17) })
	run := submit(t, e, parse(t, "data: {source: "+file+", target: y, task: regression}"))
	var found []Gates
	for range 2 {
		_, err := e.Run(ctx, run, nil)
		var blocked *BlockedError
		if !errors.As(err, &blocked) {
			t.Fatal(err)
		}
		status, err := e.Status(ctx, run)
		if err != nil || status.Gates == nil || status.Gates.Broken() {
			t.Fatalf("%+v, %v", status, err)
		}
		found = append(found, blocked.Gates, *status.Gates)
	}
	for _, g := range found {
		if !reflect.DeepEqual(g, found[0]) {
			t.Errorf("%+v and %+v", g, found[0])
		}
	}
	if _, err := e.Registry.Versions(ctx, "data"); err == nil {
		t.Error("a blocked run has a model")
	}
}
