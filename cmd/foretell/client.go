package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// client speaks to the API. newClient makes one.
type client struct {
	url         string
	region      string // of AWS, which requests are signed for; "": they are not signed
	credentials aws.CredentialsProvider
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
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if err := c.sign(ctx, request, body, time.Now()); err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 400 {
		var p gateway.Problem
		if err := json.Unmarshal(got, &p); err != nil || p.Type == "" {
			return nil, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, got)
		}
		return nil, fmt.Errorf("%s %s: %w", method, path, p)
	}
	return got, nil
}

// store uploads a file to a data set, and returns what the set is called as the source of a run.
func (c client) store(ctx context.Context, set registry.DatasetName, name string, content []byte) (source string, err error) {
	var permission struct {
		Source string            `json:"source"`
		URL    string            `json:"url"`
		Fields map[string]string `json:"fields"`
	}
	if err := c.call(ctx, "POST", "/v1/datasets/"+string(set)+"/uploads", map[string]string{"file": name}, &permission); err != nil {
		return "", err
	}
	return permission.Source, c.upload(ctx, permission.URL, permission.Fields, name, content)
}

// upload sends a file to a presigned POST: the form's fields first, the file last, as S3
// demands.
func (c client) upload(ctx context.Context, url string, fields map[string]string, name string, content []byte) error {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		if err := w.WriteField(field, fields[field]); err != nil {
			return err
		}
	}
	file, err := w.CreateFormFile("file", name)
	if err != nil {
		return err
	}
	if _, err := file.Write(content); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, &form)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", w.FormDataContentType())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		reason, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
		return fmt.Errorf("upload of %s: %s: %s", name, response.Status, reason)
	}
	return nil
}
