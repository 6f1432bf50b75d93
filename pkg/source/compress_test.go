package source_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/source"
)

func bytesPart(name string, body []byte) dataset.Part {
	return dataset.Part{Name: name, Size: int64(len(body)), Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(body)), nil
	}}
}

// scan reads a compressed part to its end or fault.
func scan(t *testing.T, name string, body []byte) error {
	t.Helper()
	src, err := source.FromParts([]dataset.Part{bytesPart(name, body)})
	if err != nil {
		return err
	}
	_, err = src.Scan(t.Context(), dataset.Options{}, nowhere{})
	return err
}

func TestCompressedFaults(t *testing.T) {
	var b strings.Builder
	b.WriteString("a,b\n")
	for i := range 200_000 {
		fmt.Fprintf(&b, "%d,%x\n", i, i*i)
	}
	content := b.String()
	gz, zst := gzipped(t, content), zstandard(t, content)
	flip := func(body []byte, at int) []byte {
		body = bytes.Clone(body)
		body[at] ^= 0x55
		return body
	}
	for _, tt := range []struct {
		name, file string
		body       []byte
		want       string
	}{
		{"whole", "a.csv.gz", gz, ""},
		{"whole", "a.csv.zst", zst, ""},
		{"empty", "a.csv.gz", nil, "a.csv.gz: the gzip data ends too early"},
		{"empty", "a.csv.zst", nil, "the file is empty"},
		{"cut", "a.csv.gz", gz[:len(gz)/2], "a.csv.gz: the gzip data ends too early"},
		{"cut", "a.csv.zst", zst[:len(zst)/2], "a.csv.zst: the zstd data ends too early"},
		{"cut in the checksum", "a.csv.gz", gz[:len(gz)-4], "a.csv.gz: the gzip data ends too early"},
		{"cut in the checksum", "a.csv.zst", zst[:len(zst)-2], "a.csv.zst: the zstd data ends too early"},
		{"corrupt", "a.csv.gz", flip(gz, len(gz)-6), "a.csv.gz: the gzip data is corrupt"},
		{"corrupt", "a.csv.zst", flip(zst, len(zst)-2), "a.csv.zst: the zstd data is corrupt"},
		{"plain", "a.csv.gz", []byte(content), "a.csv.gz: this is not gzip data"},
		{"plain", "a.csv.zst", []byte(content), "a.csv.zst: this is not zstd data"},
		{"of the other kind", "a.csv.gz", zst, "a.csv.gz: this is not gzip data"},
		{"followed by something else", "a.csv.gz", append(bytes.Clone(gz), "trailing text"...), "a.csv.gz: this is not gzip data"},
		{"compressed though the name says no", "a.csv", gz, "compressed with gzip"},
	} {
		err := scan(t, tt.file, tt.body)
		if tt.want == "" && err != nil || tt.want != "" && !strings.Contains(fmt.Sprint(err), tt.want) {
			t.Errorf("%s %s: %v, want %s", tt.file, tt.name, err, tt.want)
		}
		var invalid interface {
			InvalidData() (row int, column, detail string)
		}
		if tt.want != "" && !errors.As(err, &invalid) {
			t.Errorf("%s %s: %T is no fault of the data", tt.file, tt.name, err)
		}
	}
}

// Every cut of a file is an error, at whatever byte; none looks like a shorter table.
func TestCompressedCutAnywhere(t *testing.T) {
	content := "a,b\n1,x\n2,y\n3,z\n"
	for name, body := range map[string][]byte{"a.csv.gz": gzipped(t, content), "a.csv.zst": zstandard(t, content)} {
		for n := range len(body) {
			if err := scan(t, name, body[:n]); err == nil {
				t.Errorf("%s reads though only %d of %d bytes are there", name, n, len(body))
			}
		}
	}
}

// failing breaks off like a network does.
type failing struct {
	io.Reader
	err error
}

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = f.err
	}
	return n, err
}

// What breaks the reading off is told as it is, not as a fault of the data.
func TestCompressedReadFails(t *testing.T) {
	broken := errors.New("connection reset")
	body := gzipped(t, strings.Repeat("a,b\n1,2\n", 1000))
	part := dataset.Part{Name: "a.csv.gz", Size: -1, Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(failing{bytes.NewReader(body[:len(body)/2]), broken}), nil
	}}
	src, err := source.FromParts([]dataset.Part{part})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := src.Scan(t.Context(), dataset.Options{}, nowhere{}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// lines is an endless text of blank lines: what a reader passes over the fastest.
type lines struct{}

func (lines) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '\n'
	}
	return len(p), nil
}

const bombSize = 8 << 30

// bombs are small files that decompress to 8 GiB.
func bombs(t *testing.T) map[string][]byte {
	t.Helper()
	var gz, zst bytes.Buffer
	z, err := gzip.NewWriterLevel(&gz, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(z, lines{}, 32<<20); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	w, err := zstd.NewWriter(&zst, zstd.WithWindowSize(8<<20))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, lines{}, 128<<20); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	// Members and frames of the same content follow each other.
	return map[string][]byte{
		"bomb.csv.gz":  append(gzipped(t, "a\n1\n"), bytes.Repeat(gz.Bytes(), bombSize/(32<<20))...),
		"bomb.csv.zst": append(zstandard(t, "a\n1\n"), bytes.Repeat(zst.Bytes(), bombSize/(128<<20))...),
		// One frame that says it needs a window of 3.5 TiB, and one of 256 MiB.
		"window.csv.zst":  append(binary.LittleEndian.AppendUint32(nil, 0xfd2fb528), 0x00, 0xff, 0x01, 0x00, 0x00),
		"window2.csv.zst": append(binary.LittleEndian.AppendUint32(nil, 0xfd2fb528), 0x00, (28-10)<<3, 0x01, 0x00, 0x00),
	}
}

func TestBombs(t *testing.T) {
	for name, body := range bombs(t) {
		want := "decompress to more than 1000 times as many"
		if strings.HasPrefix(name, "window") {
			want = "window of more than 128 MiB"
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		began := time.Now()
		err := scan(t, name, body)
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		if !strings.Contains(fmt.Sprint(err), want) || !strings.Contains(fmt.Sprint(err), name) {
			t.Errorf("%s of %d bytes: %v, want %s", name, len(body), err, want)
		}
		t.Logf("%s of %d bytes: %v, %d MB more from the system, %v", name, len(body), took, (after.Sys-before.Sys)>>20, err)
		if after.Sys-before.Sys > 512<<20 {
			t.Errorf("%s took %d MB", name, (after.Sys-before.Sys)>>20)
		}
		if took > 20*time.Second { // it takes a fraction of a second; all of it would take minutes
			t.Errorf("%s took %v", name, took)
		}
	}
}

// sparse is a gzip file of more than 128 MiB whose rows are zeros but for one place that is drawn.
func sparse(t *testing.T, width int) (body []byte, ratio int) {
	t.Helper()
	rng, size := rand.New(rand.NewPCG(1, uint64(width))), 32<<20
	var text, member bytes.Buffer
	for text.Len() < size {
		row := bytes.Repeat([]byte("0"), width)
		row[rng.IntN(width)] = '1'
		text.Write(append(row, '\n'))
	}
	z, err := gzip.NewWriterLevel(&member, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(text.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return append(gzipped(t, "a\n"), bytes.Repeat(member.Bytes(), 10)...), text.Len() / member.Len()
}

const longRatio = 500 // bytes out per byte in, of gzip behind 128 MiB

// Nearly empty tables of gzip are read at any length below 500:1, and beyond that up to 128 MiB.
func TestSparseGzip(t *testing.T) {
	for _, c := range []struct {
		width, least, most int // of the ratio
		want               string
	}{
		{2000, 300, longRatio, ""},
		{20_000, longRatio, 1000, "decompress to more than 500 times as many"},
	} {
		body, ratio := sparse(t, c.width)
		if ratio <= c.least || ratio >= c.most {
			t.Fatalf("rows of %d are packed %d:1", c.width, ratio)
		}
		err := scan(t, "sparse.csv.gz", body)
		if c.want == "" && err != nil || c.want != "" && !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%d:1: %v, want %q", ratio, err, c.want)
		}
	}
}
