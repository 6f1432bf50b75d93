package local

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// checkBinary says what is wrong with a bootstrap, if anything, and what to do about it.
func checkBinary(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("no binary at %s; build the functions first: %s", path, build())
	case err != nil:
		return err
	case !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0:
		return fmt.Errorf("%s is not an executable file; build the functions again: %s", path, build())
	}
	file, err := elf.Open(path)
	if err != nil {
		return nil // no ELF file: a script, or a macOS binary
	}
	defer file.Close()
	machine := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
	if want, known := machine[runtime.GOARCH]; runtime.GOOS != "linux" || known && file.Machine != want {
		return fmt.Errorf("%s is built for linux/%s, this machine is %s/%s; build the functions for it: %s",
			path, strings.ToLower(strings.TrimPrefix(file.Machine.String(), "EM_")), runtime.GOOS, runtime.GOARCH, build())
	}
	return nil
}

func build() string { return "make build ARCH=" + runtime.GOARCH }

// listen opens a port of 127.0.0.1; 0 is any free one. The flag names what to change when
// the port is taken.
func listen(port int, flag string) (net.Listener, error) {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d of 127.0.0.1 is in use by another program; choose another with %s", port, flag)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s (%s): %w", address, flag, err)
	}
	return l, nil
}

// lockFolder makes sure that one cloud at a time uses a folder. The lock ends with the file
// that is returned, or with this process.
func lockFolder(dir string) (*os.File, error) {
	path := filepath.Join(dir, "lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock of %s: %w", dir, err)
	}
	free, err := lockFile(file)
	switch {
	case err != nil:
		err = fmt.Errorf("lock of %s: %w", dir, err)
	case !free:
		holder := "another local cloud"
		if text, err := os.ReadFile(path); err == nil && len(text) > 0 {
			holder += " (process " + strings.TrimSpace(string(text)) + ")"
		}
		err = fmt.Errorf("%s uses %s; stop it, or choose another folder with --dir", holder, dir)
	default:
		if err = file.Truncate(0); err == nil {
			_, err = file.WriteAt(fmt.Appendln(nil, os.Getpid()), 0)
		}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}
