package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Part is one file of a data set.
type Part struct {
	Name string // shown in errors: a path or an S3 key
	ETag string // changes whenever the content does; "" if unknown: see Tag
	Size int64  // bytes; -1 if unknown
	// Modified is when the part was written, by the clock of where it lies; zero if unknown.
	Modified time.Time
	// Open starts reading from the first byte. It may be called more than once; the caller
	// closes what it returns.
	Open func(ctx context.Context) (io.ReadCloser, error)
	// OpenAt starts reading at an offset and ends after length bytes or where the part ends.
	// It may be called concurrently. It is nil if the part can only be read from its start. What it
	// returns is an io.ReaderAt too, from the offset on, if bytes are at hand wherever they lie: of
	// these nobody has to ask for many at a time, or before they are needed.
	OpenAt func(ctx context.Context, offset, length int64) (io.ReadCloser, error)
}

// Tag changes whenever the content does: the ETag, or, if it is unknown, the SHA-256 of the
// content, which is read for it.
func (p Part) Tag(ctx context.Context) (string, error) {
	if p.ETag != "" {
		return p.ETag, nil
	}
	body, err := p.Open(ctx)
	if err != nil {
		return "", fmt.Errorf("open %s: %w", p.Name, err)
	}
	defer body.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, &contextReader{ctx, body}); err != nil {
		return "", fmt.Errorf("read %s: %w", p.Name, err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// Files names the local files that pattern stands for: a file, a directory (every *.csv
// below it, hidden ones left out), or a glob as in path/filepath. They come in bytewise
// order of their slash-separated paths, as S3 lists keys. It is an error if there are none.
func Files(pattern string) ([]Part, error) {
	paths, err := expand(pattern)
	if err != nil {
		return nil, fmt.Errorf("data files %q: %w", pattern, err)
	}
	parts := make([]Part, len(paths))
	for i, path := range paths {
		if parts[i], err = filePart(path); err != nil {
			return nil, fmt.Errorf("data files %q: %w", pattern, err)
		}
	}
	return parts, nil
}

func expand(pattern string) ([]string, error) {
	var paths []string
	info, err := os.Stat(pattern)
	switch {
	case err == nil && info.IsDir():
		paths, err = below(pattern)
	case err == nil:
		paths = []string{pattern}
	case errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(pattern, `*?[`):
		paths, err = filepath.Glob(pattern)
		paths = slices.DeleteFunc(paths, func(path string) bool {
			info, err := os.Stat(path)
			return err == nil && info.IsDir()
		})
	}
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, errors.New("no CSV files found")
	}
	slices.SortFunc(paths, func(a, b string) int {
		return strings.Compare(filepath.ToSlash(a), filepath.ToSlash(b))
	})
	return paths, nil
}

// below lists the CSV files under a directory. Hidden files and folders are left out: they
// are editors' and notebooks' copies, which would enter the data a second time.
func below(dir string) ([]string, error) {
	var paths []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := path != dir && strings.HasPrefix(d.Name(), ".")
		switch {
		case hidden && d.IsDir():
			return fs.SkipDir
		case !hidden && !d.IsDir() && strings.EqualFold(filepath.Ext(path), ".csv"):
			paths = append(paths, path)
		}
		return nil
	})
	return paths, err
}

func filePart(path string) (Part, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Part{}, err
	}
	if !info.Mode().IsRegular() {
		return Part{}, fmt.Errorf("%s is not a regular file", path)
	}
	open := func(ctx context.Context) (io.ReadCloser, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return os.Open(path)
	}
	at := func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		return struct {
			*io.SectionReader
			io.Closer
		}{io.NewSectionReader(f, offset, length), f}, nil
	}
	return Part{Name: path, Size: info.Size(), Modified: info.ModTime(), Open: open, OpenAt: at}, nil
}
