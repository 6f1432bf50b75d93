//go:build !linux && !darwin

package local

import (
	"os"
	"syscall"
)

// On other systems Start refuses to work, so nothing below runs.

func processAttributes() *syscall.SysProcAttr { return nil }

func residentMemory(int) (int64, error) { return 0, errUnsupported }

func killGroup(p *os.Process) { _ = p.Kill() }

func lockFile(*os.File) (bool, error) { return false, errUnsupported }
