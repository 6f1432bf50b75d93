package dataset

import (
	"os"
	"syscall"
	"unsafe"
)

// touch gets memory that is fresh from the system, and about to be written by whoever calls this.
// Written first, each of its pages is an interruption of its own, and a third of the time goes to
// these. It changes nothing, so that an error (of Linux before 5.14) is none.
func touch[T any](s []T) { advise(s, populateWrite) }

// enlarge asks for pages of 2 MB where memory, fresh from the system, has them whole: one
// interruption rather than 512. It changes nothing either.
func enlarge(b []byte) { advise(b, syscall.MADV_HUGEPAGE) }

const (
	leastTouched  = 256 << 10 // bytes; fewer mostly have been used before
	populateWrite = 23        // MADV_POPULATE_WRITE of madvise(2)
)

func advise[T any](s []T, advice int) {
	page := uintptr(os.Getpagesize())
	begin := uintptr(unsafe.Pointer(unsafe.SliceData(s)))
	skip := -begin % page
	if size := uintptr(len(s)) * unsafe.Sizeof(*new(T)); size > leastTouched {
		bytes := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), size)
		_ = syscall.Madvise(bytes[skip:skip+(size-skip)/page*page], advice)
	}
}
