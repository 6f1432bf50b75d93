package dirstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// Put writes an object if the condition holds.
func (s store) Put(ctx context.Context, key string, body []byte, c registry.Condition) (registry.Info, error) {
	if err := errors.Join(check(ctx, key), c.Validate()); err != nil {
		return registry.Info{}, err
	}
	scratch, err := s.write(body)
	if err != nil {
		return registry.Info{}, fmt.Errorf("put %s: %w", key, err)
	}
	defer os.Remove(scratch) // after a link, or if the write is refused

	unlock, err := s.lock()
	if err != nil {
		return registry.Info{}, err
	}
	defer unlock()
	if err := s.place(ctx, scratch, key, c); err != nil {
		return registry.Info{}, fmt.Errorf("put %s: %w", key, err)
	}
	sum := sha256.Sum256(body)
	return registry.Info{Key: key, Size: int64(len(body)), ETag: hex.EncodeToString(sum[:])}, nil
}

// write makes a file of the body outside the tree of keys, durable before it is placed.
func (s store) write(body []byte) (name string, err error) {
	f, err := os.CreateTemp(filepath.Join(s.dir, scratchDir), "put-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(body)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// place moves a finished file to its key if the condition holds. It runs under the lock.
func (s store) place(ctx context.Context, scratch, key string, c registry.Condition) error {
	target := s.path(key)
	if err := s.holds(ctx, key, c); err != nil {
		return err
	}
	made, err := makeFolders(s.dir, filepath.Dir(target))
	if err != nil {
		return err
	}
	if c.Absent {
		// A link refuses to replace, even what a program without our lock just put there.
		err = os.Link(scratch, target)
	} else {
		err = os.Rename(scratch, target)
	}
	if errors.Is(err, fs.ErrExist) && c.Absent {
		return registry.ErrConflict
	}
	if err != nil {
		return err
	}
	for _, folder := range append(made, filepath.Dir(target)) {
		if err := syncFolder(folder); err != nil {
			return err
		}
	}
	return nil
}

// holds returns ErrConflict if the condition does not hold, and refuses a key that is a
// folder of others.
func (s store) holds(ctx context.Context, key string, c registry.Condition) error {
	stat, err := os.Stat(s.path(key))
	switch {
	case err == nil && stat.IsDir():
		return errors.New("the key is the folder of another object")
	case errors.Is(err, syscall.ENOTDIR):
		return errors.New("a folder of the key is another object")
	case missing(err):
		if c.IfMatch != "" {
			return registry.ErrConflict
		}
		return nil
	case err != nil:
		return err
	case c.Absent:
		return registry.ErrConflict
	case c.IfMatch != "":
		info, err := s.Stat(ctx, key)
		if err == nil && info.ETag != c.IfMatch {
			return registry.ErrConflict
		}
		return err
	}
	return nil
}

// makeFolders makes the folders down to one and returns those whose entries changed, to be
// synced: a name is durable only once its folder is.
func makeFolders(root, folder string) (changed []string, err error) {
	for at := folder; at != root; at = filepath.Dir(at) {
		if _, err := os.Stat(at); err == nil {
			break
		}
		changed = append(changed, filepath.Dir(at))
	}
	return changed, os.MkdirAll(folder, 0o777)
}

func syncFolder(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
