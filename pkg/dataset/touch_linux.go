package dataset

import (
	"os"
	"syscall"
	"unsafe"
)

// touch gets memory that is fresh from the system, and about to be written by whoever calls this.
// Written first, each of its pages is an interruption of its own, and a third of the time goes to
// these. It changes nothing, so that an error (of Linux before 5.14) is none.
func touch[T any](s []T) {
	pages := wholePages(s)
	for len(pages) > 0 { // in pieces, between which the garbage collector may stop it
		some := pages[:min(len(pages), mostTouched)]
		advise(some, populateWrite)
		pages = pages[len(some):]
	}
}

// enlarge asks for pages of 2 MB where memory, fresh from the system, has them whole: one
// interruption rather than 512. It changes nothing either.
func enlarge(b []byte) {
	if pages := wholePages(b); len(pages) > 0 {
		advise(pages, syscall.MADV_HUGEPAGE)
	}
}

const (
	leastTouched  = 256 << 10 // bytes; fewer mostly have been used before
	mostTouched   = 512 << 10 // bytes at a time, which take some 100 µs
	populateWrite = 23        // MADV_POPULATE_WRITE of madvise(2)
)

// wholePages are those that lie in memory, none if it is short.
func wholePages[T any](s []T) []byte {
	page := uintptr(os.Getpagesize())
	begin := uintptr(unsafe.Pointer(unsafe.SliceData(s)))
	skip := -begin % page
	size := uintptr(len(s)) * unsafe.Sizeof(*new(T))
	if size <= leastTouched {
		return nil
	}
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), size)
	return bytes[skip : skip+(size-skip)/page*page]
}

// advise calls madvise(2) for whole pages. Go's scheduler is not told of it, as it is not of
// interruptions: of a call that takes more than 20 µs it believes that it waits for something. Then it
// has another thread go on in its place, and looks for more such calls every 20 µs, so that three
// threads share two cores.
func advise(pages []byte, advice uintptr) {
	_, _, _ = syscall.RawSyscall(syscall.SYS_MADVISE, uintptr(unsafe.Pointer(unsafe.SliceData(pages))), uintptr(len(pages)), advice)
}
