// Package dirstore keeps objects as files below a directory: the store of a laptop. A key is
// the path of its file, so that the directory can be read, copied and put under backup with
// ordinary tools.
//
// Writes are atomic and durable: the body goes to a file in .tmp, is synced, and is then
// linked or renamed into place, and the folder is synced. All changes are made under a lock
// (flock on .lock) that holds across goroutines and processes of one machine; over a network
// file system without flock it does not. Reads take no lock.
//
// An ETag is the SHA-256 of the content in hex, computed when asked for: a file's time is
// too coarse to tell two quick writes of an alias apart. Stat, Open and List therefore read
// the files they describe.
package dirstore

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
	"syscall"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// Names that no key can have, since no element of a key starts with a dot.
const (
	lockFile   = ".lock"
	scratchDir = ".tmp"
)

type store struct {
	dir  string
	tags *tags // of the files that ranges were read from
}

var (
	_ registry.Store       = store{}
	_ registry.RangeOpener = store{}
	_ registry.Revalidator = store{}
)

// New returns the store in a directory, which is made if it is not there.
func New(dir string) (registry.Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, scratchDir), 0o777); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return store{dir, &tags{}}, nil
}

func (s store) path(key string) string { return filepath.Join(s.dir, filepath.FromSlash(key)) }

// Open reads an object.
func (s store) Open(ctx context.Context, key string) (io.ReadCloser, registry.Info, error) {
	f, info, err := s.open(ctx, key)
	if err != nil {
		return nil, registry.Info{}, err
	}
	return reader{ctx, f}, info, nil
}

// OpenChanged reads an object that is no longer the one with that ETag.
func (s store) OpenChanged(ctx context.Context, key, etag string) (io.ReadCloser, registry.Info, error) {
	f, info, err := s.open(ctx, key)
	if err != nil {
		return nil, registry.Info{}, err
	}
	if info.ETag == etag {
		f.Close()
		return nil, registry.Info{}, fmt.Errorf("open %s: %w", key, registry.ErrNotModified)
	}
	return reader{ctx, f}, info, nil
}

// Stat describes an object.
func (s store) Stat(ctx context.Context, key string) (registry.Info, error) {
	f, info, err := s.open(ctx, key)
	if err != nil {
		return registry.Info{}, err
	}
	return info, f.Close()
}

// Delete removes an object, and the folders that it leaves empty: in an object store they
// never were, and "a" can be written once "a/b" is gone.
func (s store) Delete(ctx context.Context, key string) error {
	if err := check(ctx, key); err != nil {
		return err
	}
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	name := s.path(key)
	if info, err := os.Stat(name); missing(err) || err == nil && info.IsDir() {
		return nil
	}
	if err := os.Remove(name); err != nil {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	folder := filepath.Dir(name)
	for folder != s.dir && os.Remove(folder) == nil {
		folder = filepath.Dir(folder)
	}
	return syncFolder(folder)
}

// open opens a file and computes its ETag. The file stays what it is while it is open: a
// write puts another file in its place.
func (s store) open(ctx context.Context, key string) (_ *os.File, _ registry.Info, err error) {
	if err := check(ctx, key); err != nil {
		return nil, registry.Info{}, err
	}
	f, err := os.Open(s.path(key))
	if missing(err) {
		return nil, registry.Info{}, fmt.Errorf("%s: %w", key, registry.ErrNotFound)
	}
	if err != nil {
		return nil, registry.Info{}, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	stat, err := f.Stat()
	if err != nil {
		return nil, registry.Info{}, err
	}
	if !stat.Mode().IsRegular() {
		return nil, registry.Info{}, fmt.Errorf("%s: %w", key, registry.ErrNotFound)
	}
	h := sha256.New()
	size, err := io.Copy(h, reader{ctx, f})
	if err != nil {
		return nil, registry.Info{}, fmt.Errorf("read %s: %w", key, err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, registry.Info{}, err
	}
	etag := hex.EncodeToString(h.Sum(nil))
	return f, registry.Info{Key: key, Size: size, ETag: etag, Modified: stat.ModTime()}, nil
}

// lock waits for the store's lock. It is held for a few file operations at a time, so that
// the wait does not watch a context.
func (s store) lock() (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(s.dir, lockFile), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("lock store: %w", err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock store: %w", err)
	}
	return func() { f.Close() }, nil // closing it unlocks it
}

func check(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return registry.ValidateKey(key)
}

// missing reports whether an error says that there is no file, also because a folder of its
// path is a file.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// reader stops reading a file when its context ends.
type reader struct {
	ctx  context.Context
	file *os.File
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.file.Read(p)
}

func (r reader) Close() error { return r.file.Close() }
