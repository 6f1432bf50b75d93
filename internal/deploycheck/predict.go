package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// predict trains a model into the deployed bucket, asks the deployed API for predictions by it,
// and compares them with those of the command line.
func (c check) predict(ctx context.Context, foretell string, outputs map[string]string) error {
	bucket, url := outputs["BucketOutput"], outputs["APIOutput"]
	if bucket == "" || url == "" {
		return fmt.Errorf("the stacks' outputs lack bucket or API: %v", outputs)
	}
	store := "s3://" + bucket
	if _, err := c.run(ctx, foretell, "train", "--store", store, "testdata/penguins.yaml"); err != nil {
		return err
	}
	rows := filepath.Join(c.folder, "rows.csv")
	text, err := os.ReadFile("testdata/penguins.csv")
	if err != nil {
		return err
	}
	lines := strings.SplitAfter(string(text), "\n")
	if err := os.WriteFile(rows, []byte(strings.Join(lines[:4], "")), 0o644); err != nil {
		return err
	}
	want, err := c.run(ctx, foretell, "predict", "--store", store, "--model", "penguins", rows)
	if err != nil {
		return err
	}
	// The API's address on AWS is a host name; here its id leads the path.
	id, _, _ := strings.Cut(strings.TrimPrefix(url, "https://"), ".")
	base := c.address + "/restapis/" + id + "/api/_user_request_"

	// The emulation finds the account by what a request says of credentials, here without a signature.
	unsigned, err := http.Get(base + "/v1/models/penguins?X-Amz-Credential=" + c.account + "%2F20260101%2F" + c.region + "%2Fexecute-api%2Faws4_request")
	if err != nil {
		return err
	}
	unsigned.Body.Close()
	if unsigned.StatusCode != http.StatusForbidden {
		return fmt.Errorf("a request that nobody signed: %s", unsigned.Status)
	}
	status, answer, err := c.ask(ctx, http.MethodGet, base+"/v1/models/penguins", "")
	if err != nil || status != http.StatusOK || !strings.Contains(answer, `"penguins"`) {
		return fmt.Errorf("GET %s/v1/models/penguins: %d %s %v", base, status, answer, err)
	}
	body, err := instances(lines[0], lines[1:4])
	if err != nil {
		return err
	}
	began := time.Now()
	if status, answer, err = c.ask(ctx, http.MethodPost, base+"/v1/models/penguins/predict", body); err != nil || status != http.StatusOK {
		return fmt.Errorf("predict: %d %s %v", status, answer, err)
	}
	first := time.Since(began)
	if err := agree(answer, want); err != nil {
		return err
	}
	fmt.Printf("the deployed API refuses what is not signed, lists the model, and predicts what the command line does; the first answer took %v\n", first.Round(time.Millisecond))
	return nil
}

// instances are lines of CSV, none of them quoted, as a request.
func instances(header string, lines []string) (string, error) {
	names := strings.Split(strings.TrimSpace(header), ",")
	var rows []map[string]any
	for _, line := range lines {
		row := map[string]any{}
		for i, value := range strings.Split(strings.TrimSpace(line), ",") {
			var number json.Number
			switch {
			case names[i] == "species" || value == "": // what is predicted; missing
			case json.Unmarshal([]byte(value), &number) == nil:
				row[names[i]] = number
			default:
				row[names[i]] = value
			}
		}
		rows = append(rows, row)
	}
	body, err := json.Marshal(map[string]any{"instances": rows})
	return string(body), err
}

// agree compares the API's classes with the first column of the command line's.
func agree(answer, table string) error {
	var got struct {
		Predictions []struct{ Class string }
	}
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		return err
	}
	var classes, want []string
	for _, p := range got.Predictions {
		classes = append(classes, p.Class)
	}
	for _, line := range strings.Split(strings.TrimSpace(table), "\n")[1:] {
		class, _, _ := strings.Cut(line, ",")
		want = append(want, class)
	}
	if len(want) == 0 {
		return errors.New("the command line predicts nothing")
	}
	if !slices.Equal(classes, want) {
		return fmt.Errorf("the API predicts %v, the command line %v", classes, want)
	}
	return nil
}
