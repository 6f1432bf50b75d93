package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/foretell-ml/foretell/pkg/gateway"
)

// client speaks to the API. newClient makes one.
type client struct {
	url         string
	region      string // of AWS, which requests are signed for; "": they are not signed
	credentials aws.CredentialsProvider
	key, token  string       // an API key, and an access token in place of a signature; "": none
	http        *http.Client // nil: the default one
}

// do sends a request of ours to the API. Where the answer lies elsewhere, as one does that is too
// long for a function, it is fetched from there, without what was meant for the API.
func (c client) do(r *http.Request, body []byte) (*http.Response, error) {
	if c.key != "" {
		r.Header.Set("X-Api-Key", c.key)
	}
	if c.token != "" {
		r.Header.Set("Authorization", c.token)
	}
	if err := c.sign(r.Context(), r, body, time.Now()); err != nil {
		return nil, err
	}
	plain := cmp.Or(c.http, http.DefaultClient)
	staying := *plain
	staying.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := staying.Do(r)
	if err != nil || response.StatusCode != http.StatusSeeOther {
		return response, err
	}
	response.Body.Close()
	there, err := response.Location()
	if err != nil {
		return nil, err
	}
	elsewhere, err := http.NewRequestWithContext(r.Context(), http.MethodGet, there.String(), nil)
	if err != nil {
		return nil, err
	}
	return plain.Do(elsewhere)
}

// call sends a request with a JSON body (none if it is nil) and decodes the answer. A
// problem that the API answers is the error.
func (c client) call(ctx context.Context, method, path string, body, answer any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	got, err := c.send(ctx, method, path, text)
	if err != nil {
		return err
	}
	return json.Unmarshal(got, answer)
}

// send is call with the bytes as they are.
func (c client) send(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	response, err := c.ask(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}

// get asks for what may be large. The caller closes the body.
func (c client) get(ctx context.Context, path string) (*http.Response, error) {
	return c.ask(ctx, http.MethodGet, path, nil)
}

// ask sends a request; an answer that tells of a fault is the error.
func (c client) ask(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.do(request, body)
	if err != nil || response.StatusCode < 400 {
		return response, err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var p gateway.Problem
	if err := json.Unmarshal(got, &p); err != nil || p.Type == "" {
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, got)
	}
	return nil, fmt.Errorf("%s %s: %w", method, path, p)
}
