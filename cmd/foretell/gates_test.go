package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLeakBlocksTraining: a column that tells the target, the exit code, the flag that says to
// train in spite of it, with a name that a shell takes, and what the verdict tells then.
func TestLeakBlocksTraining(t *testing.T) {
	file := filepath.Join(t.TempDir(), "churn.csv")
	text := "age,exit reason,churned\n"
	for i := range 200 {
		reason := ""
		if i%3 == 0 {
			reason = fmt.Sprint("r", i%4)
		}
		text += fmt.Sprintf("%d,%s,%t\n", 20+i*7%50, reason, i%3 == 0)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	store := t.TempDir()
	out, err, code := fails(t, "train", "--store", store, "--target", "churned", file)
	if code != exitViolated || !strings.Contains(err.Error(), "nothing was trained") || !strings.Contains(out, "blocked by leakage:exit reason\n") ||
		!strings.Contains(out, "--accept 'leakage:exit reason'\n") || !strings.Contains(out, "100 %") {
		t.Errorf("exit %d, %v\n%s", code, err, out)
	}
	out = foretell(t, "train", "--store", store, "--target", "churned", "--accept", "leakage:exit reason", file)
	if !strings.Contains(out, "warning: accepted leakage:exit reason: ") {
		t.Errorf("%s", out)
	}
	if _, err, _ := fails(t, "train", "--store", store, "--target", "churned", "--accept", "leakage", file); !strings.Contains(err.Error(), "leakage:<column>") {
		t.Errorf("got %v", err)
	}
}
