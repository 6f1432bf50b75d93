package training

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// visits is a file of customers who come again and again, one a day: 1,500 rows of 60 customers
// of different zeal, the last days of each row's target known a week later.
func visits(t *testing.T) string {
	t.Helper()
	return csvFile(t, "customer,day,number,half,x,w,log_t,y", 1500, func(i int) string {
		customer := i * i % 97 % 60
		day := fmt.Sprintf("2024-%02d-%02d", 1+i/5/28, 1+i/5%28)
		half := [...]string{"a", "b", "", "c"}[i%4]
		return fmt.Sprintf("c%d,%s,%d,%s,%d,%d,%.2f,%d", customer, day, i/5, half, i*7919%1009, 1+i%3, math.Log(float64(1+i%5)), i%7+customer%3)
	})
}

func TestSchemesAreMeantByTheirKeys(t *testing.T) {
	for keys, want := range map[string]ValidationConfig{
		"":                         {Scheme: "kfold", Folds: 5},
		"folds: 3":                 {Scheme: "kfold", Folds: 3},
		"repeats: 4":               {Scheme: "repeated", Folds: 5, Repeats: 4},
		"scheme: repeated":         {Scheme: "repeated", Folds: 5, Repeats: 3},
		"share: 0.3":               {Scheme: "holdout", Share: 0.3},
		"group: c":                 {Scheme: "group", Folds: 5, Group: "c"},
		"time: c, gap: 7d":         {Scheme: "time", Folds: 5, Time: "c", Gap: "7d", Window: "expanding"},
		"time: c, gap: 3":          {Scheme: "time", Folds: 5, Time: "c", Gap: "3", Window: "expanding"},
		"fold: c, keep: true":      {Scheme: "predefined", Fold: "c", Keep: true},
		"scheme: holdout":          {Scheme: "holdout", Share: 0.2},
		"time: c, window: sliding": {Scheme: "time", Folds: 5, Time: "c", Window: "sliding"},
	} {
		if got := parse(t, "data: {source: a.csv, target: y}\nvalidation: {"+keys+"}").Validation; got != want {
			t.Errorf("%q: %+v, want %+v", keys, got, want)
		}
	}
}

func TestSchemesThatCannotBe(t *testing.T) {
	for keys, want := range map[string][]string{
		"scheme: loo":                        {`/validation/scheme: unknown scheme "loo"`},
		"scheme: kfold, group: c":            {"/validation/group: belongs to scheme group, not kfold"},
		"scheme: group":                      {"/validation/group: is required"},
		"scheme: time, share: 0.5":           {"/validation/share: belongs", "/validation/time: is required"},
		"scheme: predefined":                 {"/validation/fold: is required"},
		"fold: c, folds: 3":                  {"/validation/folds: belongs"},
		"time: c, stratify: true, gap: soon": {"/validation/stratify: belongs", "/validation/gap: want a time"},
		"time: c, gap: -3":                   {"/validation/gap: want a time"},
		"time: c, window: open":              {"/validation/window: unknown"},
		"repeats: 1, folds: 51":              {"/validation/folds: want 2 to 50", "/validation/repeats: want 2 to 20"},
		"repeats: 20, folds: 11":             {"/validation/repeats: 20 repeats of 11 folds"},
		"test: 1":                            {"/validation/test: want a share"},
		"group: c, time: c":                  {"/validation/time: belongs"},
		"keep: true":                         {"/validation/keep: belongs to scheme group, time, predefined"},
		"scheme: holdout, share: 1.5":        {"/validation/share: want a share"},
		"group: c, copies_apart: true":       {"/validation/copies_apart: belongs to scheme kfold, repeated, holdout"},
		"group: y":                           {`/validation/group: "y" is the target`},
		"group: c}\ndata: {source: a, target: y, columns: [y, x]": {`/validation/group: "c" is none of the columns`},
	} {
		text := "data: {source: a.csv, target: y}\nvalidation: {" + keys + "}"
		if strings.Contains(keys, "data:") {
			text = "validation: {" + keys + "}"
		}
		_, err := ParseConfig([]byte(text))
		var faulty *ConfigError
		if !errors.As(err, &faulty) || len(faulty.Faults) != len(want) {
			t.Errorf("%s: %v, want %v", keys, err, want)
			continue
		}
		for i, w := range want {
			if got := faulty.Faults[i].Pointer + ": " + faulty.Faults[i].Detail; !strings.HasPrefix(got, w) {
				t.Errorf("%s: %s, want %s", keys, got, w)
			}
		}
	}
	file := visits(t)
	for keys, want := range map[string]string{
		"group: client":           "/validation/group: the data has no column",
		"time: customer":          `/validation/time: column "customer" is categorical`,
		"time: day, gap: 3":       "/validation/gap: the times of column \"day\" are timestamps",
		"time: number, gap: 3d":   "/validation/gap: the times of column \"number\" are numbers",
		"time: day, gap: 400d":    "/validation: fold 1 has no row to learn from",
		"fold: log_t":             `/validation/fold: column "log_t" has 0.69 in row 2`,
		"fold: number":            `/validation/fold: column "number" has 300 different values`,
		"group: half, folds: 50":  "groups: folds must be at least 2 and at most the groups",
		"stratify: true":          "/validation/stratify: belongs to classes",
		"group: half, test: 1e-9": "/validation/test: a share of 1e-09, picked by content, is 0 of 1500 rows",
	} {
		if strings.HasPrefix(keys, "group: half, folds") { // rows without a value are groups by themselves
			keys = "group: w, folds: 50"
		}
		e := engine(t)
		run, _, err := e.Submit(ctx, parse(t, "data: {source: "+file+", target: y, task: regression}\nvalidation: {"+keys+"}"))
		if err == nil {
			_, err = e.Plan(ctx, run)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", keys, err, want)
		}
	}
}

// TestGroupsStayTogether: no customer is on both sides of a fold, or of what is held out, and
// the column is no input unless it is kept.
func TestGroupsStayTogether(t *testing.T) {
	const config = "data: {source: %s, target: y, task: regression, drop: [day, number, half]}\nvalidation: {group: customer, keep: %t}"
	file := visits(t)
	plan, data := planned(t, fmt.Sprintf(config, file, true))
	if plan.Folds != 5 || plan.Test == 0 || data.Inputs.Column("customer") == nil {
		t.Fatalf("%+v", plan)
	}
	customers := func(rows []int) map[string]bool {
		all := map[string]bool{}
		for _, row := range rows {
			all[data.Inputs.Column("customer").Text(row)] = true
		}
		return all
	}
	for f, fold := range data.folds {
		learned := customers(fold.Train)
		for customer := range customers(fold.Test) {
			if learned[customer] {
				t.Errorf("fold %d: %s is on both sides", f, customer)
			}
		}
	}
	learned := customers(everyRow(len(data.Y)))
	for row := range data.test.Y {
		if customer := data.test.Inputs.Column("customer").Text(row); learned[customer] {
			t.Fatalf("%s is learned from and held out", customer)
		}
	}
	if _, without := planned(t, fmt.Sprintf(config, file, false)); without.Inputs.Column("customer") != nil || !reflect.DeepEqual(without.folds, data.folds) {
		t.Error("the group is an input, or the folds depend on whether it is")
	}
}

func everyRow(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// TestTimeLooksBack: with a gap of a week, as timestamps and as numbers of days, folds and what is held out are
// the same, a week lies between, and the latest rows are held out.
func TestTimeLooksBack(t *testing.T) {
	file := visits(t)
	const config = "data: {source: %s, target: y, task: regression, drop: [customer, half]}\nvalidation: {%s, keep: true, window: %s}"
	for _, window := range []string{"expanding", "sliding"} {
		plan, data := planned(t, fmt.Sprintf(config, file, "time: number, gap: 7", window))
		day := func(row int) float64 { return data.Inputs.Column("number").Values[row] }
		latest := 0.0
		for f, fold := range data.folds {
			first, last := math.Inf(1), 0.0
			for _, row := range fold.Test {
				first = min(first, day(row))
			}
			for _, row := range fold.Train {
				last = max(last, day(row))
			}
			if last != first-8 {
				t.Errorf("%s, fold %d learns up to day %v and tests from %v on", window, f, last, first)
			}
			if window == "sliding" && len(fold.Train) != len(data.folds[0].Train) && f > 0 && len(fold.Train) != len(data.folds[1].Train) {
				t.Errorf("fold %d learns from %d rows", f, len(fold.Train))
			}
		}
		for row := range data.Y {
			latest = max(latest, day(row))
		}
		first := slices.Min(data.test.Inputs.Column("number").Values)
		if latest != first-8 || plan.Test != 300 || first != 240 {
			t.Errorf("%s: learned up to day %v, held out from %v on, %d rows", window, latest, first, plan.Test)
		}
		if len(plan.Warnings) != 1 || !strings.Contains(plan.Warnings[0], "35 of 1500 rows lie in the gap") {
			t.Errorf("warnings %q", plan.Warnings)
		}
	}
	plan, data := planned(t, "data: {source: "+file+", target: y, task: regression, drop: [customer, half, number]}\nvalidation: {time: day, gap: 1w}")
	if data.Inputs.Column("day") != nil || plan.Test == 0 || plan.Folds != 5 {
		t.Errorf("%+v", plan)
	}
}

// TestPredefinedFolds: the letters are folds, and rows without one are learned from by all.
func TestPredefinedFolds(t *testing.T) {
	plan, data := planned(t, "data: {source: "+visits(t)+", target: y, task: regression, drop: [customer, day]}\nvalidation: {fold: half, keep: true}")
	if plan.Folds != 3 || plan.Test != 0 || len(data.Y) != 1500 {
		t.Fatalf("%+v", plan)
	}
	half := data.Inputs.Column("half")
	for f, fold := range data.folds {
		if len(fold.Test) != 375 || len(fold.Train) != 1125 {
			t.Errorf("fold %d learns from %d and tests %d", f, len(fold.Train), len(fold.Test))
		}
		for _, row := range fold.Test {
			if half.Text(row) != string(rune('a'+f)) {
				t.Fatalf("fold %d tests a row of %q", f, half.Text(row))
			}
		}
	}
	numbers := csvFile(t, "f,x,y", 60, func(i int) string { return fmt.Sprintf("%d,%d,%d", i%4*10-1, i, i*i%11) })
	// 9, 19 and 29 are folds, −1 is none.
	if plan, data := planned(t, "data: {source: "+numbers+", target: y, task: regression}\nvalidation: {fold: f}"); plan.Folds != 3 || len(data.folds[0].Test) != 15 || len(data.folds[0].Train) != 45 {
		t.Errorf("%+v", plan)
	}
}

// TestCopiesAreKeptTogether: of the 4,898 wines 937 repeat another. They are counted among what
// is left when rows are held out, which takes copies with their originals.
func TestCopiesAreKeptTogether(t *testing.T) {
	for _, validation := range []string{"scheme: kfold, test: 0", "scheme: repeated, repeats: 2, folds: 3, test: 0", "scheme: holdout, test: 0", "scheme: kfold", "scheme: kfold, stratify: false"} {
		task := "regression"
		if strings.Contains(validation, "stratify") {
			task = "multiclass"
		}
		plan, data := planned(t, strings.Replace(wine, "regression", task, 1)+"validation: {"+validation+"}")
		want := "937 of 4898 rows repeat another in every input; equal rows are kept in one fold"
		if plan.Test > 0 {
			want = fmt.Sprintf(" of %d rows repeat another in every input; equal rows are kept in one fold", plan.Rows)
		}
		if !strings.Contains(strings.Join(plan.Warnings, "\n"), want) {
			t.Errorf("%s: warnings %q", validation, plan.Warnings)
		}
		contents := data.Inputs.Contents()
		for f, fold := range data.folds {
			learned := map[uint64]bool{}
			for _, row := range fold.Train {
				learned[contents[row]] = true
			}
			for _, row := range fold.Test {
				if learned[contents[row]] {
					t.Fatalf("%s: fold %d tests a copy of a row that it learned from", validation, f)
				}
			}
		}
	}
}

// TestCopiesApart: dealt like others, most wines that repeat another have their copy among what is
// learned, as 4 of 5 of the other rows are.
func TestCopiesApart(t *testing.T) {
	plan, data := planned(t, wine+"validation: {copies_apart: true, test: 0}")
	contents := data.Inputs.Contents()
	learned := 0
	for _, fold := range data.folds {
		for _, row := range fold.Test {
			if slices.ContainsFunc(fold.Train, func(other int) bool { return contents[other] == contents[row] }) {
				learned++
			}
		}
	}
	// The share over the folds of row i modulo 5, by a count of their own, is 0.312.
	if share := float64(learned) / float64(len(contents)); len(plan.Warnings) != 0 || math.Abs(share-0.312) > 0.02 {
		t.Errorf("%.3f of the rows tested have a copy that was learned; warnings %q", share, plan.Warnings)
	}
}

// TestFewValuesAreNotCopies: two dice repeat themselves, and so do 40 rows that all are the same.
func TestFewValuesAreNotCopies(t *testing.T) {
	dice := csvFile(t, "a,b,y", 600, func(i int) string { return fmt.Sprintf("%d,%d,%d", i*i%7%6, i*7919%101%6, i%13) })
	same := csvFile(t, "a,b,y", 40, func(i int) string { return fmt.Sprintf("1,2.5,%d", i%13) })
	for _, file := range []string{dice, same} {
		plan, data := planned(t, "data: {source: "+file+", target: y, task: regression}")
		if len(plan.Warnings) != 1 || !strings.Contains(plan.Warnings[0], "as they must with so few values") || len(data.folds) != 5 {
			t.Errorf("warnings %q", plan.Warnings)
		}
	}
	thrice := csvFile(t, "a,b,y", 300, func(i int) string { return fmt.Sprintf("%d,%d,%d", i/3*37%89, i/3, i%13) })
	if plan, _ := planned(t, "data: {source: "+thrice+", target: y, task: regression}"); !strings.Contains(fmt.Sprint(plan.Warnings), "200 of 300 rows repeat another in every input; equal rows are kept") {
		t.Errorf("warnings %q", plan.Warnings)
	}
}

// TestCopiesThatAreParted are told: the fold column parts what is equal.
func TestCopiesThatAreParted(t *testing.T) {
	file := csvFile(t, "f,x,z,y", 60, func(i int) string { return fmt.Sprintf("%d,%d,%d,%d", i%2, i/2%28, i/2%28*3, i%13) })
	for _, validation := range []string{"fold: f", "group: f, folds: 2"} {
		plan, _ := planned(t, "data: {source: "+file+", target: y, task: regression}\nvalidation: {"+validation+"}")
		if len(plan.Warnings) != 1 || !strings.Contains(plan.Warnings[0], "60 of 60 rows that are tested equal a row that their fold learned from") {
			t.Errorf("%s: warnings %q", validation, plan.Warnings)
		}
	}
}

// TestEveryScheme does a run with weights and with offsets in each scheme, and at one and
// several workers: a model comes of it, the same, tested on what was held out.
func TestEveryScheme(t *testing.T) {
	file := visits(t)
	for _, validation := range []string{"scheme: kfold", "repeats: 2, folds: 3", "scheme: holdout", "group: customer", "time: day, gap: 2d", "time: number, window: sliding", "fold: half, test: 0.1"} {
		for _, data := range []string{"weight: w, drop: [log_t]", "offset: log_t, weight: w"} {
			learner := "{learner: boosting, params: {rounds: 3, objective: poisson}}"
			config := fmt.Sprintf("data: {source: %s, target: y, task: regression, %s}\nvalidation: {%s}\nconfigurations: [%s]\nsearch: {trials: 1}", file, data, validation, learner)
			digests := map[string]bool{}
			for _, workers := range []int{1, 3} {
				e := engine(t)
				e.Workers = workers
				run := submit(t, e, parse(t, config))
				verdict, err := e.Run(ctx, run, nil)
				if err != nil {
					t.Fatalf("%s, %s: %v", validation, data, err)
				}
				digests[verdict.Digest] = true
				if verdict.Tested == nil || verdict.Tested.Rows == 0 || verdict.Tested.Scores["rmse"] <= 0 {
					t.Errorf("%s, %s: tested %+v", validation, data, verdict.Tested)
				}
			}
			if len(digests) != 1 {
				t.Errorf("%s, %s: another model at other workers", validation, data)
			}
		}
	}
}
