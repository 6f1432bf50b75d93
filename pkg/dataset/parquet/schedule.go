package parquet

import (
	"context"
	"runtime"
	"sync"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// scanOptions are those of all row groups.
type scanOptions struct {
	missing *dataset.MissingTexts
	numbers dataset.NumberForm // of texts
	sampled bool
	spares  spares
}

// schedule reads blocks on several cores. Its tasks are to decode a column of a block, which
// goes on where the column's block before ended, and to hand a decoded block on. So one big
// row group keeps all cores at work, its pages are decompressed once, and where blocks begin
// does not depend on who does what.
type schedule struct {
	ctx context.Context
	to  dataset.Consumer

	mutex   sync.Mutex
	change  sync.Cond      // there may be a task
	ended   sync.Cond      // the first block of the window has been handed on
	blocks  []*block       // that have not begun
	window  []*block       // that have begun and not ended, in order
	spare   [][]output     // of blocks that have ended
	placer  dataset.Placer // nil: none
	stopped bool
}

// run reads all blocks with so many workers; 0 is one per core.
func (s *schedule) run(workers int) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	s.change.L, s.ended.L = &s.mutex, &s.mutex
	ctx, cancel := context.WithCancel(s.ctx)
	stop := context.AfterFunc(ctx, s.stop)
	defer stop()
	s.ctx = ctx
	var group sync.WaitGroup
	defer group.Wait()
	defer s.stop()
	defer cancel()
	for range workers {
		group.Go(s.work)
	}
	for len(s.blocks) > 0 || len(s.window) > 0 {
		for len(s.window) < workers+2 && len(s.blocks) > 0 {
			s.begin(s.blocks[0])
			s.blocks = s.blocks[1:]
		}
		b := s.window[0]
		s.mutex.Lock()
		for !b.finished && !s.stopped {
			s.ended.Wait()
		}
		finished := b.finished
		s.mutex.Unlock()
		if !finished {
			return s.ctx.Err()
		}
		if b.err != nil {
			return b.err
		}
		if err := s.to.End(b.sink); err != nil {
			return err
		}
		b.sink = nil
		if b.last {
			b.group.cursors = nil
			b.group.file.end()
		}
		s.mutex.Lock()
		s.window = s.window[1:]
		s.mutex.Unlock()
		s.spare = append(s.spare, b.columns)
		b.columns = nil
	}
	return nil
}

func (s *schedule) stop() {
	s.mutex.Lock()
	s.stopped = true
	s.mutex.Unlock()
	s.change.Broadcast()
	s.ended.Signal()
}

// begin lets the workers have a block.
func (s *schedule) begin(b *block) {
	if b.start == 0 {
		b.group.open(s.ctx)
	}
	n := len(b.group.columns)
	b.sink, b.left, b.given, b.decoded = s.to.Block(), n, make([]bool, n), make([]bool, n)
	if last := len(s.spare) - 1; last >= 0 {
		b.columns, s.spare = s.spare[last], s.spare[:last]
	} else {
		b.columns = make([]output, n)
	}
	s.mutex.Lock()
	s.window = append(s.window, b)
	s.mutex.Unlock()
	s.change.Broadcast()
}

// place asks the consumer where the block's numbers of a column are to be written.
func (s *schedule) place(b *block, i int) {
	if o := &b.columns[i]; s.placer != nil && !b.group.columns[i].texts() {
		o.values = s.placer.Place(i, int(b.group.before+b.start), b.rows)
		o.placed = o.values != nil
	}
}

// work does one task after the other.
func (s *schedule) work() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for !s.stopped {
		b, column := s.task()
		switch {
		case b == nil:
			s.change.Wait()
			continue
		case column < 0:
			b.taken = true
			s.mutex.Unlock()
			err := b.hand(s.ctx)
			s.mutex.Lock()
			if b.err, b.finished = err, true; b == s.window[0] {
				s.ended.Signal()
			}
			continue
		default:
			b.given[column] = true
			for b.first < len(b.columns) && b.given[b.first] {
				b.first++
			}
			s.mutex.Unlock()
			s.place(b, column)
			b.decode(s.ctx, column)
			s.mutex.Lock()
			b.decoded[column] = true
			b.left--
			s.change.Broadcast()
		}
	}
}

// task finds what to do next: to hand on a block (-1) or to decode a column of it. Blocks that
// can be handed on come first, because that frees memory, then the oldest. A column that some
// worker is at is passed over: where cores are shared, it may take its time. No more columns
// than there are workers are passed over so, as the block before has given all of its out.
func (s *schedule) task() (*block, int) {
	for _, b := range s.window {
		if b.left == 0 && !b.taken {
			return b, -1
		}
	}
	for _, b := range s.window {
		for i := b.first; i < len(b.columns); i++ {
			if !b.given[i] && (b.before == nil || b.before.decoded[i]) {
				return b, i
			}
		}
	}
	return nil, 0
}
