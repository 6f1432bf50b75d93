//go:build linux

package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

const memoryLimit = 512 << 20

// hostileFile is a file that `foretell statistics` has to refuse.
type hostileFile struct {
	name  string // of the file
	write func(w io.Writer) error
	want  string // in the message
}

// repeated writes a text until there are so many bytes.
func repeated(w io.Writer, text string, size int) error {
	block := []byte(strings.Repeat(text, max(1, 1<<20/len(text))))
	for ; size > 0; size -= len(block) {
		if _, err := w.Write(block[:min(size, len(block))]); err != nil {
			return err
		}
	}
	return nil
}

// around writes a text many times between two others.
func around(begin, text string, size int, end string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, first := io.WriteString(w, begin)
		if err := repeated(w, text, size); err != nil || first != nil {
			return fmt.Errorf("%v, %v", first, err)
		}
		_, err := io.WriteString(w, end)
		return err
	}
}

func plainText(text string) func(io.Writer) error { return around(text, "x", 0, "") }

// listed writes a million texts that have a number in them.
func listed(begin, form, end string) func(io.Writer) error {
	return listedTo(1_000_000, begin, form, end)
}

func listedTo(n int, begin, form, end string) func(io.Writer) error {
	return func(w io.Writer) error {
		b := bufio.NewWriter(w)
		b.WriteString(begin)
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(b, form, i)
		}
		b.WriteString(end)
		return b.Flush()
	}
}

func gzipped(write func(io.Writer) error) func(io.Writer) error {
	return func(w io.Writer) error {
		z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
		if err != nil {
			return err
		}
		if err := write(z); err != nil {
			return err
		}
		return z.Close()
	}
}

func zstandard(write func(io.Writer) error) func(io.Writer) error {
	return func(w io.Writer) error {
		z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return err
		}
		if err := write(z); err != nil {
			return err
		}
		return z.Close()
	}
}

// hostileFiles are real files, of up to a gigabyte.
func hostileFiles(t *testing.T) []hostileFile {
	const gigabyte, large = 1 << 30, 128 << 20 // nothing depends on how much follows
	list := []hostileFile{
		{"field.csv", around("a,b\n1,", "x", gigabyte, "\n"), `field.csv: row 1 (line 2), column "b": value is longer than 1048576 bytes`},
		{"quoted.csv", around("a,b\n1,\"", "x\n", large, "\"\n"), `quoted.csv: row 1 (line 2), column "b": value is longer than 1048576 bytes`},
		{"open.csv", around("a,b\n1,\"x\n", "1,2\n", large, ""), `open.csv: row 1 (line 2), column "b": value is longer than 1048576 bytes; is a quote left open?`},
		{"header.csv", around("", "x", large, "\n"), "header.csv: header (line 1): value is longer than 1048576 bytes"},
		{"blank.csv", around("", "\n", large, ""), "blank.csv: nothing but blank lines and comments in the first"},
		{"columns.csv", listed("", "c%d", "\n1\n"), "columns.csv: header (line 1): more than 65536 values in a row"},
		{"wide.csv", func(w io.Writer) error {
			if err := listedTo(65_536, "", "c%d", "\n")(w); err != nil {
				return err
			}
			return listedTo(65_536, "", "%d", "\n")(w)
		}, "is one of 65536, and no more than 20000 are described at once"},
		{"values.csv", around("a,b\n", "1,", large, "\n"), "values.csv: row 1 (line 2): more than 65536 values in a row"},
		{"nul.csv", plainText("a,b\n1,2\n3,\x00\n"), `nul.csv: row 2 (line 3), column "b": NUL byte`},
		{"nuls.csv", around("", "\x00", large, ""), "nuls.csv: header (line 1): NUL byte"},
		{"latin1.csv", plainText("a,b\n1,caf\xe9\n"), `latin1.csv: row 1 (line 2), column "b": value is not UTF-8`},
		{"late.csv", around("a,b\n", "1,caf\xc3\xa9\n", 80<<20, "x,caf\xe9\n"), `column "b": value is not UTF-8`},
		{"field.jsonl", around(`{"a":"`, "x", gigabyte, "\"}\n"), "field.jsonl: row 1 (line 1): row is longer than 16777216 bytes"},
		{"number.jsonl", around(`{"a":`, "1", large, "}\n"), "number.jsonl: row 1 (line 1): row is longer than 16777216 bytes"},
		{"keys.jsonl", listed("{", `"c%d":1`, "}\n"), "keys.jsonl: row 1 (line 1): more than 65536 columns"},
		{"later.jsonl", listed("{\"a\":1}\n{", `"c%d":1`, "}\n"), `later.jsonl: row 2 (line 2), column "c0": is not among the columns`},
		{"deep.jsonl", around(`{"a":`, "[", 15<<20, "\n"), "deep.jsonl: row 1 (line 1)"},
		{"deeper.jsonl", around("", `{"a":`, large, "\n"), "deeper.jsonl: row 1 (line 1)"},
		{"blank.jsonl", around("", " ", large, ""), "blank.jsonl: no row in the first"},
		{"lines.jsonl", around("", "\n", large, ""), "lines.jsonl: no row in the first"},
		{"nul.jsonl", plainText("{\"a\":\"\x00\"}\n"), `nul.jsonl: row 1 (line 1), column "a": the character U+0000`},
		{"latin1.jsonl", plainText("{\"a\":\"caf\xe9\"}\n"), "latin1.jsonl: row 1 (line 1): the row is not UTF-8"},
		{"rows.csv.gz", gzipped(around("a,b\n", "1,2\n", large, "")), "decompress to more than 1000 times as many"},
		{"six.csv.gz", gzipped(func(w io.Writer) error { // 6 MB of it would be 4.3 GB
			rows := []byte(strings.Repeat("1,0,yes\n", 4<<10))
			io.WriteString(w, "a,b,c\n")
			for i := range (192 << 20) / len(rows) {
				w.Write(rows)
				fmt.Fprintf(w, "%d,%d,no\n", i*i, i*i*i)
			}
			return nil
		}), "decompress to more than 500 times as many"},
		{"zeros.csv.gz", gzipped(around("", "0", large, "")), "zeros.csv.gz: header (line 1): value is longer"},
		{"zeros.jsonl.gz", gzipped(around("", "0", large, "")), "zeros.jsonl.gz: row 1 (line 1): row is longer"},
		{"zeros.parquet.gz", gzipped(around("PAR1", "\x00", large, "PAR1")), "decompress to more than 1000 times as many"},
		{"rows.csv.zst", zstandard(around("a,b\n", "1,2\n", large, "")), "decompress to more than 1000 times as many"},
		{"rows.jsonl.zst", zstandard(around("", "{\"a\":1}\n", large, "")), "decompress to more than 1000 times as many"},
		{"zeros.parquet", around("PAR1", "\x00", large, "PAR1"), "zeros.parquet: "},
		{"text.parquet", around("a,b\n", "1,2\n", 1000, ""), "text.parquet: "},
	}
	files, err := filepath.Glob("../../testdata/hostile/*.parquet")
	if err != nil || len(files) != 8 {
		t.Fatalf("%d hostile Parquet files, %v", len(files), err)
	}
	for _, path := range files {
		list = append(list, hostileFile{filepath.Base(path), plainText(string(readFile(t, path))), filepath.Base(path)})
	}
	return list
}

// TestHostileFiles runs the command on files that want all the memory or time there is, each in
// a process of its own: the built command on a real file, as a user does it. Each is refused with a
// message that says where, and no process had more than 512 MB. The time is a bound against
// hangs, on a machine that may be busy; docs/data.md has what was measured.
func TestHostileFiles(t *testing.T) {
	command := filepath.Join(t.TempDir(), "foretell")
	if out, err := exec.Command("go", "build", "-o", command, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, h := range hostileFiles(t) {
		t.Run(h.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, h.name)
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			defer os.Remove(path)
			if err := h.write(f); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			message, memory, took := measured(t, command, "statistics", "--name", "hostile", "--store", filepath.Join(dir, "store"), path)
			t.Logf("%.2f s, %d MB: %s", took.Seconds(), memory>>20, message)
			if !strings.Contains(message, h.want) || strings.Contains(message, "panic") || strings.Contains(message, "runtime error") {
				t.Errorf("%s\nwant %s", message, h.want)
			}
			if memory > memoryLimit {
				t.Errorf("%d MB", memory>>20)
			}
			if took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// measured runs a command that has to fail, and returns what it says and the most memory that
// it had. The mark that wait4 reports begins with that of the process that started the command, here
// all tests; where it is too high, the command's own, watched while it runs, decides.
func measured(t *testing.T, command string, args ...string) (message string, memory int64, took time.Duration) {
	t.Helper()
	var out bytes.Buffer
	c := exec.Command(command, args...)
	c.Stdout, c.Stderr = &out, &out
	begun := time.Now()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	watched := make(chan int64)
	go func() {
		most := int64(0)
		for {
			most = max(most, highWater(c.Process.Pid))
			select {
			case <-ended:
				watched <- most
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	err := c.Wait()
	took = time.Since(begun)
	close(ended)
	memory = c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	if own := <-watched; memory > memoryLimit && own > 0 {
		memory = own
	}
	if c.ProcessState.ExitCode() != 1 {
		t.Errorf("%v, want exit code 1", err)
	}
	return out.String(), memory, took
}

// highWater is the most memory that a process had so far, 0 if it is gone.
func highWater(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kilobytes int64
	fmt.Sscan(rest, &kilobytes)
	return kilobytes << 10
}
