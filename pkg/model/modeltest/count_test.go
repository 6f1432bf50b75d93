package modeltest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model"
)

// TestDocsCountChecks: docs/learners.md says how many checks there are, and of how many learners.
func TestDocsCountChecks(t *testing.T) {
	text, err := os.ReadFile("../../../docs/learners.md")
	if err != nil {
		t.Fatal(err)
	}
	learners, pairs := map[string]bool{}, 0
	for _, task := range []dataset.Task{dataset.Regression, dataset.Binary, dataset.Multiclass} {
		for _, name := range model.Learners(task) {
			learners[name] = true
			pairs++
		}
	}
	want := fmt.Sprintf("%d checks on %d learners, %d pairs of a learner and a task", len(checks()), len(learners), pairs)
	if !strings.Contains(strings.Join(strings.Fields(string(text)), " "), want) {
		t.Errorf("docs/learners.md does not say: %s", want)
	}
}
