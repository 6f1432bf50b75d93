//go:build linux || darwin

package local

import (
	"os"
	"syscall"
)

// killGroup kills a process and those that it started. An error means that it is gone
// already.
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

// lockFile takes an advisory lock that the kernel drops when this program ends, or reports
// false if another program holds it.
func lockFile(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == syscall.EWOULDBLOCK {
		return false, nil
	}
	return err == nil, err
}
