package main

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
)

func TestArguments(t *testing.T) {
	for want, args := range map[string][]string{
		"train takes one argument, got 0":           {"train"},
		"up takes no arguments, got 1":              {"up", "x"},
		"models takes a model, or history and a":    {"models", "a", "b"},
		`--canary "4" is no version and its share`:  {"promote", "a", "3", "--canary", "4"},
		`--canary "4=110%" is no version and its`:   {"promote", "a", "3", "--canary", "4=110%"},
		`--canary "x=1%" is no version and its sh`:  {"promote", "a", "3", "--canary", "x=1%"},
		"--threshold and --costs exclude each othe": {"promote", "a", "3", "--threshold", "0.3", "--costs", "[[0,1],[1,0]]"},
		`--threshold "x" is no number`:              {"promote", "a", "3", "--threshold", "x"},
		"--costs: want for example":                 {"promote", "a", "3", "--costs", "5"},
		`--fail-on "any": want moderate or s`:       {"drift", "a", "--fail-on", "any"},
		`--day "today" is not of the form`:          {"drift", "a", "--day", "today"},
		"withdraw takes one argument, got 0":        {"withdraw"},
		"--api is required":                         {"withdraw", "a"},
		"promote takes 2 arguments, got 1":          {"promote", "a"},
		`"v3" is no version`:                        {"promote", "a", "v3"},
		"model a not found":                         {"rollback", "--store", t.TempDir(), "a"},
		"--model is required":                       {"predict", "x.csv"},
		"no bucket is named":                        {"models", "--store", "s3://"},
		`unknown command "trian"`:                   {"trian"},
		"flag provided but not defined: -stroe":     {"models", "--stroe", "x"},
		`no name can be made of "s3://_"; give the`: {"statistics", "--store", t.TempDir(), "s3://_"},
		"put the glob in quotes, or name":           {"statistics", "a.csv", "b.csv"},
		"standard input cannot be read":             {"statistics", "--store", t.TempDir(), "-"},
		`model name "a/b" may hold only a-z, 0-9 a`: {"models", "--store", t.TempDir(), "a/b"},
	} {
		if err := run(context.Background(), io.Discard, io.Discard, args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}

func TestDatasetName(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("Sales 2026/___", 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir("Sales 2026")
	for source, want := range map[string]string{
		"data/Adult Income.csv": "adult-income", "adult.csv.gz": "adult", "logs.JSONL.zst": "logs", "data/adult/": "adult", "adult.v2.csv": "adult-v2",
		"*.csv": "sales-2026", ".": "sales-2026", "___": "sales-2026", "-": "sales-2026",
		"s3://bucket/data/adult/": "adult", "s3://bucket": "bucket", "s3://_": "",
		"postgres://reader@localhost/shop?table=sales.orders": "sales-orders", "postgres://localhost/shop?sslmode=disable&table=Orders": "orders",
		"postgres://localhost/shop?query=SELECT 1": "shop-query-select-1",
	} {
		if got := datasetName(source); got != want {
			t.Errorf("%s: %q, want %q", source, got, want)
		}
	}
}
