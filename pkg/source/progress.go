package source

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// watched tells progress of every byte that is read of the parts, compressed ones as they lie
// there. What is read twice, as the beginning is, counts once the more, up to the total.
func watched(parts []dataset.Part, progress func(read, total int64)) []dataset.Part {
	if progress == nil {
		return parts
	}
	var read atomic.Int64
	total := int64(0)
	for _, p := range parts {
		if p.Size < 0 || total < 0 {
			total = -1
			break
		}
		total += p.Size
	}
	report := func(n int) {
		now := read.Add(int64(n))
		if total >= 0 {
			now = min(now, total)
		}
		progress(now, total)
	}
	all := make([]dataset.Part, len(parts))
	for i, part := range parts {
		all[i] = part
		all[i].Open = func(ctx context.Context) (io.ReadCloser, error) {
			return watch(report)(part.Open(ctx))
		}
		if part.OpenAt != nil {
			all[i].OpenAt = func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
				return watch(report)(part.OpenAt(ctx, offset, length))
			}
		}
	}
	return all
}

// watch wraps what was opened.
func watch(report func(n int)) func(io.ReadCloser, error) (io.ReadCloser, error) {
	return func(body io.ReadCloser, err error) (io.ReadCloser, error) {
		if err != nil {
			return nil, err
		}
		watched := watchedBody{body, report}
		if at, ok := body.(io.ReaderAt); ok { // see dataset.Part.OpenAt
			return &watchedSection{watched, at}, nil
		}
		return &watched, nil
	}
}

// watchedSection is a body whose bytes are at hand.
type watchedSection struct {
	watchedBody
	at io.ReaderAt
}

// ReadAt reads and reports.
func (s *watchedSection) ReadAt(p []byte, offset int64) (int, error) {
	n, err := s.at.ReadAt(p, offset)
	if n > 0 {
		s.report(n)
	}
	return n, err
}

type watchedBody struct {
	io.ReadCloser
	report func(n int)
}

// Read reads and reports.
func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.report(n)
	}
	return n, err
}
