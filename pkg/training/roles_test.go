package training

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// csvFile writes a file of rows below a header.
func csvFile(t *testing.T, header string, rows int, row func(i int) string) string {
	t.Helper()
	text := header + "\n"
	for i := range rows {
		text += row(i) + "\n"
	}
	file := filepath.Join(t.TempDir(), "data.csv")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// appended writes a CSV file with a column more, made of each row and its line.
func appended(t *testing.T, file, name string, value func(i int, line string) string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return csvFile(t, strings.TrimSpace(lines[0])+","+name, len(lines)-1, func(i int) string {
		line := strings.TrimSpace(lines[i+1])
		return line + "," + value(i, line)
	})
}

// finished does a run, and returns its verdict and its model.
func finished(t *testing.T, config string) (Verdict, *pipeline.Pipeline, registry.Manifest) {
	t.Helper()
	e := engine(t)
	verdict, err := e.Run(ctx, submit(t, e, parse(t, config)), nil)
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
	manifest, err := e.Registry.Version(ctx, verdict.Model, verdict.Version)
	if err != nil {
		t.Fatal(err)
	}
	return verdict, p, manifest
}

// TestWeightsCountInFitsAndScores: y is 2x but in every third row, which weighs next to nothing.
// The error is small only if the learner does not listen to these rows, and the metric neither.
// Rows of weight 0 are left out.
func TestWeightsCountInFitsAndScores(t *testing.T) {
	file := csvFile(t, "x,w,y", 90, func(i int) string {
		switch {
		case i < 6:
			return fmt.Sprintf("%d,0,1e9", i)
		case i%3 == 0:
			return fmt.Sprintf("%d,1e-20,%d", i, 500-i)
		}
		return fmt.Sprintf("%d,%d,%d", i, 1+i%2, 2*i)
	})
	const config = "data: {source: %s, target: y, task: regression, %s}\nconfigurations: [{learner: linear}]"
	verdict, p, _ := finished(t, fmt.Sprintf(config, file, "weight: w"))
	if verdict.Score > 1e-6 || p.Lineage.Rows != 84 || len(p.Schema) != 1 {
		t.Errorf("rmse %v of %d rows, inputs %v", verdict.Score, p.Lineage.Rows, p.Schema)
	}
	if len(verdict.Warnings) != 1 || !strings.Contains(verdict.Warnings[0], "6 of 90 rows have a weight of 0") {
		t.Errorf("warnings %q", verdict.Warnings)
	}
	if ignored, _, _ := finished(t, fmt.Sprintf(config, file, "drop: [w]")); ignored.Score < 100 {
		t.Errorf("without weights the rmse is %v: the test sees nothing", ignored.Score)
	}
}

// TestOffsetsCount: y is the exposure times e^(x/20), exactly.
func TestOffsetsCount(t *testing.T) {
	file := csvFile(t, "x,log_days,y", 90, func(i int) string {
		days := float64(1 + i*i%7)
		log := fmt.Sprint(math.Log(days))
		if days == 1 {
			log = ""
		}
		return fmt.Sprintf("%d,%s,%v", i, log, days*math.Exp(float64(i)/20))
	})
	data := "data: {source: " + file + ", target: y, task: regression, "
	verdict, p, manifest := finished(t, data+"offset: log_days}\nconfigurations: [{learner: glm, params: {l2: 1e-9}}]")
	if verdict.Score > 1e-4 || p.Target.Offset != "log_days" || manifest.Offset != "log_days" || len(p.Schema) != 2 {
		t.Errorf("rmse %v, target %+v, inputs %v", verdict.Score, p.Target, p.Schema)
	}
	if len(verdict.Warnings) != 1 || !strings.Contains(verdict.Warnings[0], "no offset and count as an exposure of 1") {
		t.Errorf("warnings %q", verdict.Warnings)
	}
	if ignored, _, _ := finished(t, data+"drop: [log_days]}\nconfigurations: [{learner: glm, params: {l2: 1e-9}}]"); ignored.Score < 1 {
		t.Errorf("without offsets the rmse is %v: the test sees nothing", ignored.Score)
	}
	// By default learners are tried that can.
	if verdict, _, _ := finished(t, data+"offset: log_days}\nsearch: {trials: 4}"); verdict.Learner != "glm" {
		t.Errorf("%+v", verdict)
	}
}

// TestRolesThatCannotBe are told with the config's place, or the row.
func TestRolesThatCannotBe(t *testing.T) {
	const base = "data: {source: a.csv, target: y, %s}%s"
	for said, want := range map[[2]string]string{
		{"weight: y", ""}:                                        `/data/weight: "y" is the target already`,
		{"weight: a, offset: a", ""}:                             `/data/offset: "a" is the weight already`,
		{"weight: a, drop: [a]", ""}:                             `/data/drop: drops the weight "a"`,
		{"weight: a, columns: [y, x]", ""}:                       `/data/weight: "a" is none of the columns to read`,
		{"offset: a", "\nconfigurations: [{learner: linear}]"}:   "/configurations/0: linear has no place for data.offset",
		{"offset: a", "\nconfigurations: [{learner: boosting}]"}: "/configurations/0: boosting has no place for data.offset",
	} {
		_, err := ParseConfig(fmt.Appendf(nil, base, said[0], said[1]))
		var faulty *ConfigError
		if !errors.As(err, &faulty) || len(faulty.Faults) != 1 || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", said, err, want)
		}
	}
	file := csvFile(t, "x,w,minus,endless,some,kind,y", 30, func(i int) string {
		if i == 6 {
			return "6,1,-1,inf,,a,6"
		}
		return fmt.Sprintf("%d,1,1,1,1,%c,%d", i, 'a'+i%2, i)
	})
	for said, want := range map[string]string{
		"weight: mass":                "/data/weight: the data has no column",
		"offset: mass":                "/data/offset: the data has no column",
		"weight: kind":                `/data/weight: column "kind" is categorical; want numbers`,
		"offset: kind":                `/data/offset: column "kind" is categorical; want numbers`,
		"weight: minus":               `column "minus": row 7 has the weight -1`,
		"weight: endless":             `column "endless": row 7 has the weight +Inf`,
		"weight: some":                `column "some": row 7 has no weight`,
		"offset: endless":             `column "endless": row 7 is infinite`,
		"offset: w, task: multiclass": "/data/offset: belongs to regression",
		"offset: x, drop: [w, minus, endless, some, kind]": "/data/drop: no column is left",
	} {
		e := engine(t)
		task := ""
		if !strings.Contains(said, "task") {
			task = ", task: regression"
		}
		run, _, err := e.Submit(ctx, parse(t, "data: {source: "+file+", target: y"+task+", "+said+"}"))
		if err == nil {
			_, err = e.Plan(ctx, run)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", said, err, want)
		}
	}
}
