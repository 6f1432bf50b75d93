//go:build linux || darwin

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// TestSmoke: a cloud that works passes, trains once, and is found trained the second time; another seed
// trains anew. The logs of the functions have a line of metrics for each request, and for each run that
// ended.
func TestSmoke(t *testing.T) {
	dir := cloudDir(t)
	w := openWorld(t, dir)
	for _, c := range []struct{ seed, want string }{{"1", "has made version 1"}, {"1", "had made version 1 before"}, {"2", "has made version 2"}} {
		out := foretell(t, "smoke", "--api", w.api.url+"/", "--seed", c.seed)
		if strings.Count(out, "\n") != 4 || !strings.Contains(out, "is ready") || !strings.Contains(out, c.want) || !regexp.MustCompile(`prediction +version \d is right`).MatchString(out) {
			t.Errorf("seed %s: want %s, got\n%s", c.seed, c.want, out)
		}
	}
	for function, want := range map[string]struct {
		metric string
		lines  int
	}{"predict": {"Latency", 6}, "train": {"RunCost", 2}} { // three times ready and predict; two runs
		log, err := os.ReadFile(filepath.Join(dir, "logs", function+".log"))
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`(?m)^\{"_aws":.*"Function":"`+function+`".*"`+want.metric+`":[0-9.e-]+.*\}$`).FindAllString(string(log), -1)
		if len(found) != want.lines {
			t.Errorf("%s has %d lines with %s, want %d:\n%s", function, len(found), want.metric, want.lines, log)
		}
	}
}

// TestSmokeFinds: whatever part of a deployment does not work is named.
func TestSmokeFinds(t *testing.T) {
	answers := map[string]string{
		"GET /v2/health/ready":                     `{"ready":true}`,
		"GET /v1/models":                           `{"models":[]}`,
		"POST /v1/datasets/foretell-smoke/uploads": `{"source":"s3://b/data/foretell-smoke/","url":"URL/upload","fields":{}}`,
		"POST /upload":                             ``,
		"POST /v1/runs":                            `{"run":"foretell-smoke-0","state":"running"}`,
		"GET /v1/runs/foretell-smoke-0":            `{"run":"foretell-smoke-0","state":"succeeded","verdict":{"version":3}}`,
		"POST /v1/models/foretell-smoke/predict":   `{"version":3,"predictions":[{"class":"low"},{"class":"high"}]}`,
	}
	asked := map[string]bool{}
	for _, c := range []struct{ route, answer, want string }{
		{"", "", ""},
		{"GET /v2/health/ready", `{"ready":false}`, "predict: it is not ready"},
		{"GET /v1/models", "503", "api: GET /v1/models: Unavailable"},
		{"POST /upload", "503", "training: upload of rows.csv: 503"},
		{"POST /v1/runs", `{"run":"foretell-smoke-0","state":"failed","error":"States.Timeout","cause":"late"}`, "training: run foretell-smoke-0 failed: States.Timeout: late"},
		{"POST /v1/models/foretell-smoke/predict", `{"version":3,"predictions":[{"class":"high"},{"class":"high"}]}`, "prediction: version 3 predicts [{high} {high}], want low and high"},
	} {
		var server *httptest.Server
		server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			route := r.Method + " " + r.URL.Path
			asked[route] = true
			answer := answers[route]
			if route == c.route {
				answer = c.answer
			}
			if answer == "503" {
				w.WriteHeader(http.StatusServiceUnavailable)
				answer = `{"type":"https://foretell-ml.github.io/problems/unavailable","title":"Unavailable","status":503}`
			}
			_, _ = io.WriteString(w, strings.ReplaceAll(answer, "URL", server.URL))
		}))
		err := run(t.Context(), io.Discard, io.Discard, []string{"smoke", "--api", server.URL})
		server.Close()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s answers %s: %v, want %s", c.route, c.answer, err, c.want)
		}
	}
	delete(asked, "POST /upload") // a presigned one, of S3
	for _, r := range topology.SmokeRoutes {
		delete(asked, r.Method+" "+strings.Replace(r.Path, "*", "0", 1))
	}
	if len(asked) > 0 {
		t.Errorf("it asks for what topology.SmokeRoutes does not list: %v", asked)
	}
	if err := run(t.Context(), io.Discard, io.Discard, []string{"smoke", "--api", "nowhere"}); err == nil || !strings.Contains(err.Error(), "is no URL") {
		t.Errorf("no URL: %v", err)
	}
}

// TestSigned: the signature is the one that botocore makes of the same request.
func TestSigned(t *testing.T) {
	var peer struct {
		URL, Body, AccessKey, SecretKey, Token, Time, Authorization string
	}
	text, err := os.ReadFile("../../testdata/golden/sigv4_botocore.json")
	if err != nil || json.Unmarshal(text, &peer) != nil {
		t.Fatal(err)
	}
	now, err := time.Parse(time.RFC3339, peer.Time)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	c, err := newClient(t.Context(), peer.URL)
	if err != nil || c.region != "eu-central-1" {
		t.Fatalf("region %q, %v", c.region, err)
	}
	c.credentials = credentials.NewStaticCredentialsProvider(peer.AccessKey, peer.SecretKey, peer.Token)
	r, err := http.NewRequest("POST", peer.URL, bytes.NewReader([]byte(peer.Body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if err := c.sign(t.Context(), r, []byte(peer.Body), now); err != nil {
		t.Fatal(err)
	}
	if got := r.Header.Get("Authorization"); got != peer.Authorization {
		t.Errorf("signed\n%s\nwant\n%s", got, peer.Authorization)
	}
}

// TestSigns: requests are signed for an API on AWS, and for one that FORETELL_SIGN says is there, and
// nobody else gets a signature.
func TestSigns(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	for _, c := range []struct{ sign, want string }{{"", ""}, {"eu-west-1", "/eu-west-1/execute-api/aws4_request"}} {
		t.Setenv(envSign, c.sign)
		got := "nobody asked"
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r.Header.Get("Authorization")
			_, _ = io.WriteString(w, `{"runs":[],"more":0}`)
		}))
		err := run(t.Context(), io.Discard, io.Discard, []string{"runs", "--api", server.URL})
		server.Close()
		if err != nil || (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s=%s: %q, %v", envSign, c.sign, got, err)
		}
	}
}
