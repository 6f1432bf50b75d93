package s3store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/s3store"
)

// together lets ranged requests through when two of them wait, or one has waited for a second
// for another, and keeps their ranges.
type together struct {
	mutex  sync.Mutex
	ranges []string
	most   int // at the same time
	now    int
	second chan struct{}
	once   sync.Once
}

func (g *together) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet || r.Header.Get("Range") == "" {
		return http.DefaultTransport.RoundTrip(r)
	}
	g.mutex.Lock()
	g.ranges = append(g.ranges, strings.TrimPrefix(r.Header.Get("Range"), "bytes="))
	g.now++
	g.most = max(g.most, g.now)
	if g.now == 2 {
		g.once.Do(func() { close(g.second) })
	}
	g.mutex.Unlock()
	defer func() {
		g.mutex.Lock()
		g.now--
		g.mutex.Unlock()
	}()
	select {
	case <-g.second:
	case <-time.After(time.Second):
	}
	return http.DefaultTransport.RoundTrip(r)
}

// A large object is read in ranges, several at a time, each byte once; and is the table of the
// same bytes read from the start.
func TestLargeObjectsAreReadInRanges(t *testing.T) {
	var text bytes.Buffer
	text.WriteString("id,kind,note\n")
	for i := 0; text.Len() < 20<<20; i++ {
		fmt.Fprintf(&text, "%d,%c,\"said %x,\nand left\"\n", i, 'a'+i%3, sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
	}
	transport := &together{second: make(chan struct{})}
	store := s3store.New(newClient(transport), newBucket(t), "")
	if _, err := store.Put(t.Context(), "data/large.csv", text.Bytes(), registry.Condition{}); err != nil {
		t.Fatal(err)
	}
	var parts []dataset.Part
	for part, err := range registry.Parts(t.Context(), store, "data/") {
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part)
	}
	o := dataset.Options{Workers: 2}
	table, digest, err := dataset.Read(t.Context(), dataset.CSV{Files: parts}, o)
	if err != nil {
		t.Fatal(err)
	}
	want, wantDigest, err := dataset.Read(t.Context(), dataset.CSV{Files: []dataset.Part{{
		Name: "large.csv", Size: int64(text.Len()),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text.Bytes())), nil },
	}}}, o)
	if err != nil {
		t.Fatal(err)
	}
	if digest != wantDigest || table.Rows() != want.Rows() || table.Columns[2].Text(table.Rows()-1) != want.Columns[2].Text(want.Rows()-1) {
		t.Errorf("%d rows of digest %s, from the start %d of %s", table.Rows(), digest, want.Rows(), wantDigest)
	}
	covered := int64(0)
	for _, r := range transport.ranges {
		var first, last int64
		if _, err := fmt.Sscanf(r, "%d-%d", &first, &last); err != nil {
			t.Fatal(err)
		}
		covered += last - first + 1
	}
	if len(transport.ranges) != 3 || transport.most < 2 || covered != int64(text.Len()) {
		t.Errorf("ranges %v, %d at a time, %d of %d bytes", transport.ranges, transport.most, covered, text.Len())
	}
}
