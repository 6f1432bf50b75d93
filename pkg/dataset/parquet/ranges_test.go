package parquet

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// However a chunk is cut into spans and asked for, its bytes come in order, each once; spans are
// released when they are through, and what was taken stays as it is until the next call.
func TestInput(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	chunk := make([]byte, 10_000)
	for i := range chunk {
		chunk[i] = byte(random.Uint32())
	}
	for round := range 200 {
		in := input{ctx: t.Context(), left: int64(len(chunk))}
		var spans []*span
		for at := 0; at < len(chunk); {
			end := min(at+1+random.IntN(1+random.IntN(3000)), len(chunk))
			s := newSpan(nil, int64(at), int64(end))
			s.once.Do(func() { close(s.ready) })
			s.data = bytes.Clone(chunk[at:end])
			s.users.Store(1)
			spans = append(spans, s)
			at = end
		}
		in.spans = spans
		readThrough(t, &in, chunk, 4000, random)
		in.close()
		for i, s := range spans {
			if s.users.Load() != 0 {
				t.Fatalf("round %d: span %d of %d is not released", round, i, len(spans))
			}
		}
	}
}

// readThrough takes all bytes, up to so many at a time.
func readThrough(t *testing.T, in *input, chunk []byte, most int, random *rand.Rand) {
	t.Helper()
	for at := 0; at < len(chunk); {
		want := 1 + random.IntN(1+random.IntN(most))
		ahead, err := in.peek(want)
		if err != nil || !bytes.Equal(ahead, chunk[at:min(at+want, len(chunk))]) {
			t.Fatalf("at %d, %d of the next %d bytes are others: %v", at, len(ahead), want, err)
		}
		n := random.IntN(len(ahead) + 1)
		got, err := in.take(n)
		if err != nil || !bytes.Equal(got, chunk[at:at+n]) {
			t.Fatalf("at %d, %d bytes are others: %v", at, n, err)
		}
		at += n
	}
	if _, err := in.take(1); err == nil {
		t.Fatal("there is a byte more")
	}
}

// The bytes of a chunk that are at hand come in order, each once, too; and none but they.
func TestInputNear(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	file := make([]byte, 5*leastFilled)
	for i := range file {
		file[i] = byte(random.Uint32())
	}
	for range 50 {
		begin := random.IntN(len(file))
		end := begin + random.IntN(len(file)-begin)
		in := input{ctx: t.Context(), at: int64(begin), left: int64(end - begin), near: bytes.NewReader(file), file: &openedFile{}}
		readThrough(t, &in, file[begin:end], 2*leastFilled, random)
	}
}
