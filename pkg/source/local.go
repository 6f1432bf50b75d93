package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// findFiles finds the local files that a path stands for, in bytewise order of their
// slash-separated paths, as S3 lists keys.
func findFiles(pattern string) ([]dataset.Part, error) {
	paths, err := expand(pattern)
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		if _, err := os.Stat(pattern); err != nil {
			return nil, errors.New("no file matches the pattern")
		}
		return nil, errors.New("no file of a known format; " + formats)
	}
	slices.SortFunc(paths, func(a, b string) int {
		return strings.Compare(filepath.ToSlash(a), filepath.ToSlash(b))
	})
	parts := make([]dataset.Part, len(paths))
	for i, path := range paths {
		if parts[i], err = filePart(path); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

func expand(pattern string) ([]string, error) {
	info, err := os.Stat(pattern)
	switch {
	case err == nil && info.IsDir():
		return below(pattern)
	case err == nil:
		return []string{pattern}, nil
	case !errors.Is(err, fs.ErrNotExist) || !strings.ContainsAny(pattern, `*?[`):
		return nil, err
	case strings.Contains(pattern, "**"):
		return nil, globFault(nil)
	}
	paths, err := filepath.Glob(pattern)
	return slices.DeleteFunc(paths, func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && info.IsDir()
	}), err
}

// below lists the files of a known format under a folder, hidden ones left out.
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
		case !d.IsDir() && known(d.Name()):
			paths = append(paths, path)
		}
		return nil
	})
	return paths, err
}

// filePart is a local file. Its content is not read to name it; opening it fails if it is no
// longer the file that was found, as far as its time and length tell.
func filePart(path string) (dataset.Part, error) {
	found, err := os.Stat(path)
	if err != nil {
		return dataset.Part{}, err
	}
	if !found.Mode().IsRegular() {
		return dataset.Part{}, fmt.Errorf("%s is not a regular file; what is read is read in several places at once, so write it to a file first", path)
	}
	open := func(ctx context.Context) (*os.File, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		now, err := f.Stat()
		if err == nil && !(os.SameFile(now, found) && now.Size() == found.Size() && now.ModTime().Equal(found.ModTime())) {
			err = fmt.Errorf("%s changed since it was found", path)
		}
		if err != nil {
			f.Close()
			return nil, err
		}
		return f, nil
	}
	return dataset.Part{
		Name: path, Size: found.Size(), Modified: found.ModTime(),
		Open: func(ctx context.Context) (io.ReadCloser, error) {
			f, err := open(ctx)
			if err != nil {
				return nil, err // not a nil *os.File, which would be no nil ReadCloser
			}
			return f, nil
		},
		OpenAt: func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
			f, err := open(ctx)
			if err != nil {
				return nil, err
			}
			return &section{io.NewSectionReader(f, offset, length), f}, nil
		},
	}, nil
}

// section is a range of a file.
type section struct {
	*io.SectionReader
	io.Closer
}
