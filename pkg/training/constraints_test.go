package training

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// expecting is the run of penguins with constraints.
func expecting(t *testing.T, constraints string) Config {
	t.Helper()
	return parse(t, strings.Replace(penguins, "target: species}", "target: species, constraints: "+constraints+"}", 1))
}

func TestConstraintsThatHold(t *testing.T) {
	e := engine(t)
	c := expecting(t, `{rows: {min: 300}, columns: [{name: species, values: [Adelie, Chinstrap, Gentoo]}, {name: year, range: {min: 2007, max: 2009}}]}`)
	run := submit(t, e, c)
	verdict, err := e.Run(ctx, run, nil)
	if err != nil || len(verdict.Warnings) != 0 {
		t.Fatalf("%+v, %v", verdict, err)
	}
	if without := submit(t, e, parse(t, penguins)); without == run {
		t.Error("with constraints and without them it is the same run")
	}
}

// TestViolatedRunTrainsNothing: what is wrong is listed at once, and stays with the run.
func TestViolatedRunTrainsNothing(t *testing.T) {
	e := engine(t)
	run := submit(t, e, expecting(t, `{rows: {min: 1000}, columns: [{name: species, values: [Adelie, Gentoo]}, {name: island}, {name: beak}]}`))
	for attempt := range 2 {
		_, err := e.Run(ctx, run, nil)
		var blocked *BlockedError
		if !errors.As(err, &blocked) || len(blocked.Gates.Violations) != 3 || len(blocked.Gates.Blocking) != 3 || !strings.Contains(err.Error(), `"Chinstrap"`) || !strings.Contains(err.Error(), `column "beak"`) {
			t.Fatalf("attempt %d: %v", attempt, err)
		}
		status, err := e.Status(ctx, run)
		if err != nil || !reflect.DeepEqual(status.Gates, &blocked.Gates) || !status.Gates.Broken() || status.Trials != 0 {
			t.Errorf("attempt %d: %+v, %v", attempt, status, err)
		}
	}
	for info, err := range e.Registry.Store.List(ctx, "") {
		if info.Key != run.key("config.json") && info.Key != run.key("gates.json") {
			t.Errorf("left behind: %s, %v", info.Key, err)
		}
	}
}

// TestViolationsCanBeAccepted: by the column, or all of them; the run says so and so does the model.
func TestViolationsCanBeAccepted(t *testing.T) {
	const broken = `{rows: {min: 1000}, columns: [{name: species, values: [Adelie, Gentoo]}, {name: year, range: {max: 2008}}]}`
	for accept, blocking := range map[string]int{"[constraints]": 0, "['constraints:species', 'constraints:year']": 1, "['constraints:year', constraints]": 0} {
		e := engine(t)
		c := parse(t, strings.Replace(penguins, "target: species}", "target: species, constraints: "+broken+"}\naccept: "+accept, 1))
		run := submit(t, e, c)
		verdict, err := e.Run(ctx, run, nil)
		var blocked *BlockedError
		if errors.As(err, &blocked) != (blocking > 0) || blocking > 0 && (len(blocked.Gates.Blocking) != blocking || blocked.Gates.Blocking[0].Name != "constraints" || len(blocked.Gates.Accepted) != 2) {
			t.Errorf("%s: %v, %+v", accept, err, blocked)
		}
		if blocking > 0 {
			continue
		}
		status, err := e.Status(ctx, run)
		if err != nil || status.Gates == nil || len(status.Gates.Accepted) != 3 || len(status.Gates.Blocking) != 0 || len(verdict.Warnings) != 3 {
			t.Errorf("%s: %+v, %v, warnings %q", accept, status.Gates, err, verdict.Warnings)
		}
	}
}

func TestConstraintsInConfigs(t *testing.T) {
	c := expecting(t, "penguins.constraints.yaml")
	if c.Data.Constraints.File != "penguins.constraints.yaml" {
		t.Errorf("%+v", c.Data.Constraints)
	}
	var faulty *ConfigError
	if _, _, err := engine(t).Submit(ctx, c); !errors.As(err, &faulty) || faulty.Faults[0].Pointer != "/data/constraints" {
		t.Errorf("submitted with a file: %v", err)
	}
	for text, want := range map[string]string{
		`{"data":{"source":"a.csv","target":"y","constraints":{"colums":[]}}}`:                                       `/data/constraints/colums: unknown key; did you mean "columns"?`,
		`{"data":{"source":"a.csv","target":"y","constraints":{"columns":[{"name":"x"},{"name":"y","missing":7}]}}}`: "/data/constraints/columns/1/missing: want a share",
		`{"data":{"source":"a.csv","target":"y","constraints":3}}`:                                                   "/data/constraints: want a mapping",
	} {
		if _, err := ParseConfig([]byte(text)); !errors.As(err, &faulty) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	inline := expecting(t, "{columns: [{name: x, values: [1, a, true]}]}")
	text, err := json.Marshal(inline)
	if err != nil {
		t.Fatal(err)
	}
	if again := parse(t, string(text)); !reflect.DeepEqual(again, inline) {
		t.Errorf("%s", text)
	}
}
