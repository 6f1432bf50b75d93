package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/foretell-ml/foretell/pkg/batch"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// What is too large for the API goes past it, between this machine and the bucket, by links that the
// API gives.

// store uploads a file to a data set by a presigned POST, and returns what the set is called as the
// source of a run.
func (c client) store(ctx context.Context, set registry.DatasetName, name string, content io.Reader, size int64) (source string, err error) {
	var permission struct {
		Source string            `json:"source"`
		URL    string            `json:"url"`
		Fields map[string]string `json:"fields"`
	}
	to := "/v1/datasets/" + url.PathEscape(string(set)) + "/uploads"
	if err := c.call(ctx, "POST", to, map[string]string{"file": name}, &permission); err != nil {
		return "", err
	}
	return permission.Source, upload(ctx, permission.URL, permission.Fields, name, content, size)
}

// storeFile is store of a file on disk, of any size.
func (c client) storeFile(ctx context.Context, set registry.DatasetName, file string) (source string, err error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	return c.store(ctx, set, filepath.Base(file), f, info.Size())
}

// upload sends a file to a presigned POST: the form's fields first, the file last, and its length
// known before, as S3 demands.
func upload(ctx context.Context, url string, fields map[string]string, name string, content io.Reader, size int64) error {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		if err := w.WriteField(field, fields[field]); err != nil {
			return err
		}
	}
	if _, err := w.CreateFormFile("file", name); err != nil {
		return err
	}
	head := bytes.Clone(form.Bytes())
	form.Reset()
	if err := w.Close(); err != nil {
		return err
	}
	body := io.MultiReader(bytes.NewReader(head), io.LimitReader(content, size), bytes.NewReader(form.Bytes()))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		return err
	}
	request.ContentLength = int64(len(head)) + size + int64(form.Len())
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

// saveBatch writes what came of a batch into a folder: the manifest, and all files that it lists,
// each compared with what the manifest says of it. at is the batch's path. It returns the names.
func (c client) saveBatch(ctx context.Context, at, folder string) (names []string, err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	if _, _, err := c.save(ctx, at, folder, "manifest.json"); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(folder, "manifest.json"))
	if err != nil {
		return nil, err
	}
	var m batch.Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	names = append(names, "manifest.json")
	for _, o := range m.Outputs {
		for _, key := range []string{o.Object, o.Faults} {
			if key == "" {
				continue
			}
			size, digest, err := c.save(ctx, at, folder, path.Base(key))
			if err != nil {
				return nil, err
			}
			if key == o.Object && (size != o.Size || digest != o.Digest) {
				return nil, fmt.Errorf("%s has %d bytes of SHA-256 %s, the manifest %d of %s: fetch it again", key, size, digest, o.Size, o.Digest)
			}
			names = append(names, path.Base(key))
		}
	}
	return names, nil
}

// save writes a file of a batch into a folder, whole or not at all.
func (c client) save(ctx context.Context, at, folder, name string) (size int64, digest string, err error) {
	response, err := c.get(ctx, at+"/files/"+url.PathEscape(name))
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	f, err := os.CreateTemp(folder, name+".*.part")
	if err != nil {
		return 0, "", err
	}
	defer os.Remove(f.Name()) // unless it has its name
	sum := sha256.New()
	size, err = io.Copy(io.MultiWriter(f, sum), response.Body)
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return 0, "", fmt.Errorf("%s: %w", name, err)
	}
	return size, hex.EncodeToString(sum.Sum(nil)), os.Rename(f.Name(), filepath.Join(folder, name))
}
