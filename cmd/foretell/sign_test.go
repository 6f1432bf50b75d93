package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/training"
)

// signature is Signature Version 4 of a request, written down from AWS's description of it
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html), with
// nothing of the SDK.
func signature(r *http.Request, host string, body []byte, secret, date, scope string, signedHeaders []string) string {
	sum := func(b []byte) string { h := sha256.Sum256(b); return hex.EncodeToString(h[:]) }
	mac := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	headers := ""
	for _, name := range signedHeaders {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = host
		case "content-length":
			value = fmt.Sprint(len(body))
		}
		headers += name + ":" + strings.TrimSpace(value) + "\n"
	}
	query := strings.Split(r.URL.RawQuery, "&")
	slices.Sort(query)
	path := (&url.URL{Path: r.URL.EscapedPath()}).EscapedPath() // escaped once more than it is sent
	canonical := strings.Join([]string{r.Method, path, strings.Join(query, "&"), headers, strings.Join(signedHeaders, ";"), sum(body)}, "\n")
	text := strings.Join([]string{"AWS4-HMAC-SHA256", date, scope, sum([]byte(canonical))}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range strings.Split(scope, "/") {
		key = mac(key, part)
	}
	return hex.EncodeToString(mac(key, text))
}

// TestSignatureOfAWS: the description's own example
// (https://docs.aws.amazon.com/general/latest/gr/sigv4-calculate-signature.html).
func TestSignatureOfAWS(t *testing.T) {
	r := httptest.NewRequest("GET", "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", nil)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	r.Header.Set("X-Amz-Date", "20150830T123600Z")
	got := signature(r, "iam.amazonaws.com", nil, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830T123600Z",
		"20150830/us-east-1/iam/aws4_request", []string{"content-type", "host", "x-amz-date"})
	if want := "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"; got != want {
		t.Errorf("the signature is %s, AWS has %s", got, want)
	}
}

const secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

// guarded is an API that answers signed requests alone, as API Gateway does.
func guarded(t *testing.T, region string, seen *[]*http.Request) *httptest.Server {
	t.Helper()
	refuse := func(w http.ResponseWriter, format string, args ...any) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, format, args...)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*seen = append(*seen, r)
		body, _ := io.ReadAll(r.Body)
		var who, signedHeaders, got string
		for _, part := range strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "), ", ") {
			name, value, _ := strings.Cut(part, "=")
			switch name {
			case "Credential":
				who = value
			case "SignedHeaders":
				signedHeaders = value
			case "Signature":
				got = value
			}
		}
		id, scope, _ := strings.Cut(who, "/")
		if parts := strings.Split(scope, "/"); id != "AKIDEXAMPLE" || len(parts) != 4 || parts[1] != region || parts[2] != "execute-api" {
			refuse(w, "signed by %q", who)
			return
		}
		want := signature(r, r.Host, body, secretKey, r.Header.Get("X-Amz-Date"), scope, strings.Split(signedHeaders, ";"))
		if got != want || !strings.Contains(signedHeaders, "host") || !strings.Contains(signedHeaders, "x-amz-date") {
			refuse(w, "signature %s of %s, want %s", got, signedHeaders, want)
			return
		}
		json.NewEncoder(w).Encode(runList{Runs: []training.Summary{}, More: 0})
	}))
	t.Cleanup(server.Close)
	return server
}

// credentialsOf has the SDK find an access key, and nothing of the machine's.
func credentialsOf(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": secretKey, "AWS_SESSION_TOKEN": "", "AWS_REGION": "", "AWS_DEFAULT_REGION": "",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true", "AWS_PROFILE": "",
		envKey: "", envToken: "", envSign: "",
	} {
		t.Setenv(name, value)
	}
}

// TestServerSeesSignature: a server that checks the signature as AWS does takes a command's requests,
// and none that is signed otherwise.
func TestServerSeesSignature(t *testing.T) {
	credentialsOf(t)
	var seen []*http.Request
	api := guarded(t, "eu-west-1", &seen)
	command := func(args ...string) error {
		return run(t.Context(), io.Discard, io.Discard, append([]string{"runs", "--api", api.URL}, args...))
	}
	if err := command(); err == nil || !strings.Contains(err.Error(), "signed by") {
		t.Errorf("without a signature: %v", err)
	}
	t.Setenv(envSign, "eu-west-1")
	for _, args := range [][]string{{"--model", "a b+c/d"}, {"--limit", "5"}, {"show", "adult-8e162a58ce23"}} {
		if err := command(args...); err != nil {
			t.Errorf("%v: %v", args, err)
		}
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", "another")
	if err := command(); err == nil || !strings.Contains(err.Error(), "want") {
		t.Errorf("with another secret: %v", err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	if err := command(); err == nil || !strings.Contains(err.Error(), "sign the request") {
		t.Errorf("without credentials: %v", err)
	}
}

// TestGatewayHosts: a host of API Gateway has requests signed by itself, for its own region, bodies
// and temporary credentials with them.
func TestGatewayHosts(t *testing.T) {
	credentialsOf(t)
	t.Setenv("AWS_SESSION_TOKEN", "temporary")
	t.Setenv(envKey, "k1")
	for host, region := range map[string]string{
		"a1b2.execute-api.eu-central-1.amazonaws.com":         "eu-central-1",
		"a1b2.execute-api.cn-north-1.amazonaws.com.cn":        "cn-north-1",
		"a1b2-vpce-0.execute-api.us-gov-west-1.amazonaws.com": "us-gov-west-1",
		"vpce-0-1.execute-api.us-east-2.vpce.amazonaws.com":   "us-east-2",
	} {
		var seen []*http.Request
		server := guarded(t, region, &seen)
		c, err := newClient(t.Context(), "http://"+host+"/api/")
		if err != nil {
			t.Fatal(err)
		}
		c.http = &http.Client{Transport: &http.Transport{Dial: func(string, string) (net.Conn, error) {
			return net.Dial("tcp", server.Listener.Addr().String())
		}}}
		if _, err := c.send(t.Context(), "POST", "/v1/runs", []byte(`{"data": {}}`)); err != nil {
			t.Errorf("%s: %v", host, err)
		}
		if len(seen) != 1 || seen[0].URL.Path != "/api/v1/runs" || seen[0].Header.Get("X-Amz-Security-Token") != "temporary" || seen[0].Header.Get("X-Api-Key") != "k1" {
			t.Errorf("%s got %v", host, seen)
		}
	}
}

// TestTokens: an access token goes in place of a signature, a key besides; neither leaves for where
// a long answer lies.
func TestTokens(t *testing.T) {
	credentialsOf(t)
	t.Setenv(envToken, "t1")
	t.Setenv(envKey, "k1")
	var there http.Header
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		there = r.Header.Clone()
		fmt.Fprint(w, `{"long": true}`)
	}))
	defer store.Close()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "t1" || r.Header.Get("X-Api-Key") != "k1" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Location", store.URL+"/answers/1?X-Amz-Signature=0f")
		w.WriteHeader(http.StatusSeeOther)
	}))
	defer api.Close()
	c, err := newClient(t.Context(), api.URL)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.send(t.Context(), "POST", "/v1/models/adult/predict", []byte("{}"))
	if err != nil || !bytes.Equal(answer, []byte(`{"long": true}`)) {
		t.Errorf("%s, %v", answer, err)
	}
	for _, name := range []string{"Authorization", "X-Api-Key", "X-Amz-Date"} {
		if there.Get(name) != "" {
			t.Errorf("%s is sent to where the answer lies", name)
		}
	}
	t.Setenv(envSign, "eu-west-1")
	if c, err := newClient(t.Context(), api.URL); err != nil || c.region != "" {
		t.Errorf("a request with a token is signed, for %q, %v", c.region, err)
	}
	for _, bad := range []string{"", "example.com", "ftp://example.com", "http://"} {
		if _, err := newClient(t.Context(), bad); err == nil {
			t.Errorf("--api %q is taken", bad)
		}
	}
}
