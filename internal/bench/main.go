// Command bench compares Foretell with its peers, side by side on the same files: make
// bench-data runs it. For each case it starts both sides in processes of their own, in turn,
// several times, and prints one line with the medians:
//
//	bench data/<case> ours=<seconds> peer=<name>-<version>:<seconds> ratio=<ours/peer> ours-peak=<MB> peer-peak=<MB>
//
// A ratio below 1 means that Foretell is faster. Reading starts when libraries are loaded;
// the peak is that of the whole process.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// side is one of the two that are compared.
type side struct {
	name    string
	version string // with a dash before it, if the side says one
	command []string
	env     []string
	seconds []float64
	peak    int64 // bytes
}

func main() {
	python := flag.String("python", "build/bench/venv/bin/python", "interpreter with the packages of testdata/peers/requirements.txt")
	folder := flag.String("data", "build/bench", "folder of mixed.csv and flights-3m.parquet")
	rounds := flag.Int("rounds", 3, "how often each side runs")
	only := flag.String("only", "", "run the cases whose name contains this")
	job := flag.String("job", "", "do this job once and print the seconds: what the command starts itself with")
	flag.Parse()
	if *job != "" {
		seconds, err := do(context.Background(), *job, flag.Arg(0))
		exit(err)
		fmt.Println(seconds)
		return
	}
	self, err := os.Executable()
	exit(err)
	for _, c := range cases {
		for _, threads := range c.threads {
			name := fmt.Sprintf("%s-%d", c.job, threads)
			if !strings.Contains(name, *only) {
				continue
			}
			file := *folder + "/" + c.file
			ours := &side{name: "foretell", command: []string{self, "-job", c.job, file}, env: []string{fmt.Sprint("GOMAXPROCS=", threads)}}
			peer := &side{name: c.peer, command: []string{*python, "testdata/peers/bench_data.py", c.peer + "-" + c.peerJob, file, strconv.Itoa(threads)}}
			for range *rounds {
				exit(ours.run())
				exit(peer.run())
			}
			fmt.Printf("bench data/%s ours=%.2f peer=%s%s:%.2f ratio=%.2f ours-peak=%d peer-peak=%d\n", name, ours.median(), peer.name, peer.version,
				peer.median(), ours.median()/peer.median(), ours.peak>>20, peer.peak>>20)
		}
	}
}

// run starts the side once.
func (s *side) run() error {
	c := exec.Command(s.command[0], s.command[1:]...)
	c.Env = append(c.Environ(), s.env...)
	var out, fault bytes.Buffer
	c.Stdout, c.Stderr = &out, &fault
	if err := c.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(s.command, " "), err, fault.String())
	}
	fields := strings.Fields(out.String())
	if len(fields) == 0 {
		return fmt.Errorf("%s printed no seconds", strings.Join(s.command, " "))
	}
	seconds, err := strconv.ParseFloat(fields[0], 64)
	if err != nil {
		return err
	}
	s.seconds = append(s.seconds, seconds)
	if len(fields) > 1 {
		s.version = "-" + fields[1]
	}
	if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		unit := int64(1 << 10) // Linux counts kilobytes
		if runtime.GOOS == "darwin" {
			unit = 1
		}
		s.peak = max(s.peak, int64(usage.Maxrss)*unit)
	}
	return nil
}

func (s *side) median() float64 {
	sorted := slices.Sorted(slices.Values(s.seconds))
	return sorted[len(sorted)/2]
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
