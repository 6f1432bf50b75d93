package training

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

const wine = "data: {source: ../../testdata/wine-quality-white.csv, target: quality, task: regression}\n" +
	"search: {trials: 2}\nconfigurations: [{learner: baseline}, {learner: boosting, params: {rounds: 5}}]\n"

// planned does the plan of a config, and returns it with the data that it prepared.
func planned(t *testing.T, config string) (Plan, *prepared) {
	t.Helper()
	e := engine(t)
	run := submit(t, e, parse(t, config))
	if _, err := e.Plan(ctx, run); err != nil {
		t.Fatal(err)
	}
	var plan Plan
	if err := e.read(ctx, run, "plan.json", &plan); err != nil {
		t.Fatal(err)
	}
	data, err := e.data(ctx, run)
	if err != nil {
		t.Fatal(err)
	}
	return plan, data
}

// texts are rows written out, sorted.
func texts(t *dataset.Table) []string {
	rows := make([]string, t.Rows())
	for i := range rows {
		for j := range t.Columns {
			rows[i] += t.Columns[j].Name + "=" + t.Columns[j].Text(i) + ","
		}
	}
	slices.Sort(rows)
	return rows
}

// TestHeldOutRowsStayHeldOut appends rows to the wines, in front and behind, among them one
// without a target, changes the seed and the order of the columns: no row that was held out is learned
// from, and no row that was learned from is held out. Equal rows lie on one side.
func TestHeldOutRowsStayHeldOut(t *testing.T) {
	plan, data := planned(t, wine)
	if share := float64(plan.Test) / 4898; plan.Test != data.test.Inputs.Rows() || plan.Rows != len(data.Y) || math.Abs(share-0.2) > 0.03 { // four deviations: 3,961 of them differ
		t.Errorf("%d rows held out of %d", plan.Test, plan.Rows)
	}
	content, err := os.ReadFile("../../testdata/wine-quality-white.csv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	var grown strings.Builder
	for i, line := range lines {
		cells := strings.Split(line, ",")
		slices.Reverse(cells)
		fmt.Fprintln(&grown, strings.Join(cells, ","))
		if i%3 == 0 && i > 0 { // a wine that is a little different
			cells[1] = fmt.Sprint(20 + i)
			if i == 3 {
				cells[0] = ""
			}
			fmt.Fprintln(&grown, strings.Join(cells, ","))
		}
	}
	file := filepath.Join(t.TempDir(), "grown.csv")
	if err := os.WriteFile(file, []byte(grown.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	_, later := planned(t, strings.Replace(wine, "../../testdata/wine-quality-white.csv", file, 1)+"seed: 99\n")
	order := make([]string, 0, len(data.Inputs.Columns)) // columns in one order, to write rows alike
	for _, c := range data.Inputs.Columns {
		order = append(order, c.Name)
	}
	inOrder := func(t2 *dataset.Table) *dataset.Table {
		var columns []dataset.Column
		for _, name := range order {
			columns = append(columns, *t2.Column(name))
		}
		table, err := dataset.NewTable(columns...)
		if err != nil {
			t.Fatal(err)
		}
		return table
	}
	held, kept := texts(data.test.Inputs), texts(data.Inputs)
	heldLater, keptLater := texts(inOrder(later.test.Inputs)), texts(inOrder(later.Inputs))
	if len(heldLater) <= len(held) || len(keptLater) <= len(kept) {
		t.Fatalf("%d and %d rows, later %d and %d", len(held), len(kept), len(heldLater), len(keptLater))
	}
	for _, sides := range [][2][]string{{held, keptLater}, {kept, heldLater}, {held, kept}, {heldLater, keptLater}} {
		for _, row := range sides[0] {
			if _, found := slices.BinarySearch(sides[1], row); found {
				t.Fatalf("on both sides: %s", row)
			}
		}
	}
}

func TestShareHeldOut(t *testing.T) {
	small := csvFile(t, "x,y", 999, func(i int) string { return fmt.Sprintf("%d,%d", i, i*i%97) })
	config := func(file, validation string) string {
		return "data: {source: " + file + ", target: y, task: regression}\n" + validation
	}
	if plan, data := planned(t, config(small, "")); plan.Test != 0 || data.test.Inputs != nil || plan.Rows != 999 {
		t.Errorf("%d of 999 rows held out", plan.Test)
	}
	if plan, _ := planned(t, config(small, "validation: {test: 0.5}")); math.Abs(float64(plan.Test)-499.5) > 4*math.Sqrt(999*0.25) {
		t.Errorf("%d of 999 rows held out, asked for half", plan.Test)
	}
	large := csvFile(t, "x,y", 10_000, func(i int) string { return fmt.Sprintf("%d,%d", i, i*i%97) })
	_, few := planned(t, config(large, ""))
	plan, more := planned(t, config(large, "validation: {test: 0.2}"))
	if math.Abs(float64(len(few.test.Y))-1000) > 4*30 || math.Abs(float64(plan.Test)-2000) > 4*40 {
		t.Errorf("%d and %d of 10,000 rows held out", len(few.test.Y), plan.Test)
	}
	all := texts(more.test.Inputs)
	for _, row := range texts(few.test.Inputs) {
		if _, found := slices.BinarySearch(all, row); !found {
			t.Fatalf("a row of the smaller share is not among those of the larger one: %s", row)
		}
	}
	if plan, _ := planned(t, config(large, "validation: {test: 0}")); plan.Test != 0 {
		t.Errorf("%d rows held out, asked for none", plan.Test)
	}
}

// TestTestedIsTheScoreOfTheHeldOutRows loads the artifact and scores the held-out rows by hand.
func TestTestedIsTheScoreOfTheHeldOutRows(t *testing.T) {
	e := engine(t)
	run := submit(t, e, parse(t, wine))
	verdict, err := e.Run(ctx, run, nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := e.data(ctx, run)
	if err != nil {
		t.Fatal(err)
	}
	artifact, err := e.Registry.Artifact(ctx, verdict.Model, verdict.Digest)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pipeline.Decode(artifact)
	if err != nil {
		t.Fatal(err)
	}
	predicted, err := p.Predict(data.test.Inputs)
	if err != nil {
		t.Fatal(err)
	}
	m, err := metric.ByName("rmse")
	if err != nil {
		t.Fatal(err)
	}
	want, err := m.Interval(ctx, data.test.Y, predicted, nil, 1, 0.95, 0)
	if err != nil {
		t.Fatal(err)
	}
	got := verdict.Tested
	if got == nil || got.Rows != len(data.test.Y) || got.Scores["rmse"] != want.Score || got.Intervals["rmse"] != [2]float64{want.Low, want.High} || len(got.Scores) < 5 {
		t.Errorf("tested %+v, want %+v", got, want)
	}
	manifest, err := e.Registry.Version(ctx, verdict.Model, verdict.Version)
	if err != nil || manifest.Tested == nil || manifest.Tested.Scores["rmse"] != want.Score || manifest.Rows != len(data.Y) || p.Lineage.Rows != len(data.Y) {
		t.Errorf("manifest %+v, %v", manifest, err)
	}
}
