// Command bench compares Foretell with its peers, side by side on the same files: make
// bench-data and make bench-learners run it. For each case it starts both sides in processes
// of their own, in turn, several times, and prints one line with the medians:
//
//	bench <room>/<case> ours=<seconds> peer=<name>-<version>:<seconds> ratio=<ours/peer> ours-peak=<MB> peer-peak=<MB> [metric=<ours>/<peer>]
//
// A ratio below 1 means that Foretell is faster. The clock starts when libraries are loaded,
// and for learners when the data are; the peak is that of the whole process. Without a peer, as
// make bench-large runs it, the line is
//
//	bench <room>/<case> ours=<seconds> MB/s=<of the file> ours-peak=<MB>
//
// Seconds of make bench-serving are per row. Of make bench-host it is requests a second: see hosts.
//
// Of make bench-accuracy and bench-other it is scores rather than seconds: see accuracy; of make bench-cost what was
// predicted beside what was measured: see costRuns; of make bench-coverage what was stated beside it: see
// coverage.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// side is one of the two that are compared.
type side struct {
	name    string
	version string // with a dash before it, if the side says one
	command []string
	env     []string
	seconds []float64
	peak    int64 // bytes
	metric  string
}

// match is a case: a job of ours, done by this command itself, against a peer.
type match struct {
	name    string
	job     []string
	peer    *side // nil: none
	threads int
	bytes   int64 // of the file, without a peer
	peak    int64 // of memory that the job may take, in bytes, without a peer
}

func main() {
	python := flag.String("python", "build/bench/venv/bin/python", "interpreter with the packages of testdata/peers/requirements.txt")
	folder := flag.String("data", "build/bench", "folder of mixed.csv, mixed.parquet, flights-3m.parquet, learners and large.csv")
	room := flag.String("room", "data", "what to compare: data, learners, serving, host, large, accuracy, other, coverage or cost; or portfolio, to find pkg/search/portfolio.json")
	sets := flag.String("sets", "../shared/data", "folder of the data sets that accuracy, coverage and cost are measured on")
	predict := flag.String("predict", "build/bench/predict", "host: the predict function, built for this machine")
	rounds := flag.Int("rounds", 3, "how often each side runs")
	trees := flag.Int("trees", 100, "trees that learners grow")
	only := flag.String("only", "", "run the cases whose name contains this")
	lasting := flag.Duration("for", time.Hour, "portfolio: measure no longer than this; started again it goes on")
	out := flag.String("out", "pkg/search/portfolio.json", "portfolio: where to write it")
	job := flag.String("job", "", "do this job once and print the seconds: what the command starts itself with")
	profile := flag.String("profile", "", "write a CPU profile of the job to this file")
	flag.Parse()
	if *job != "" {
		if *profile != "" {
			file, err := os.Create(*profile)
			exit(err)
			exit(pprof.StartCPUProfile(file))
			defer pprof.StopCPUProfile()
		}
		exit(do(context.Background(), *job, flag.Args()))
		return
	}
	if *room == "portfolio" {
		exit(portfolio(context.Background(), *folder+"/portfolio", *out, time.Now().Add(*lasting)))
		return
	}
	if *room == "accuracy" {
		exit(accuracy(context.Background(), problems, *sets, *python, *only))
		return
	}
	if *room == "other" {
		exit(accuracy(context.Background(), others, *folder+"/other", *python, *only))
		return
	}
	if *room == "coverage" {
		exit(coverage(context.Background(), *sets, *only))
		return
	}
	if *room == "cost" {
		exit(costRuns(context.Background(), *folder, *sets, *only))
		return
	}
	if *room == "host" {
		exit(hosts(context.Background(), *folder, *python, *predict, *only, *rounds))
		return
	}
	self, err := os.Executable()
	exit(err)
	matches := data(*folder, *python)
	switch *room {
	case "learners":
		matches = slices.Concat(linearLearners(*folder, *python), nearLearners(*folder, *python), learners(*folder, *python, *trees))
	case "serving":
		matches = servings(*folder, *python)
	case "large":
		matches, err = large(*folder)
		exit(err)
	}
	for _, m := range matches {
		if !strings.Contains(m.name, *only) {
			continue
		}
		ours := &side{command: append([]string{self, "-job"}, m.job...), env: []string{fmt.Sprint("GOMAXPROCS=", m.threads)}}
		if m.peer == nil {
			exit(m.alone(ours, *rounds))
			continue
		}
		for range *rounds {
			exit(ours.run())
			exit(m.peer.run())
		}
		fmt.Printf("bench %s ours=%.3g peer=%s%s:%.3g ratio=%.2f ours-peak=%d peer-peak=%d", m.name, ours.median(), m.peer.name, m.peer.version,
			m.peer.median(), ours.median()/m.peer.median(), ours.peak>>20, m.peer.peak>>20)
		if ours.metric != "" {
			fmt.Printf(" metric=%s/%s", ours.metric, m.peer.metric)
		}
		fmt.Println()
	}
}

// do does a job of ours once and prints the seconds it took, and a version and metric if
// there is one.
func do(ctx context.Context, job string, args []string) error {
	if job == "boosting" {
		if len(args) != 3 {
			return errors.New("boosting wants file, leaves and trees")
		}
		seconds, auc, err := boost(ctx, args[0], args[1], args[2])
		fmt.Println(seconds, "ours", auc)
		return err
	}
	if job == "serving" {
		seconds, auc, err := serve(args[0], args[1] == "1")
		fmt.Println(seconds, "ours", auc)
		return err
	}
	if job == "explain" {
		seconds, auc, differs, err := explain(args[0], args[1], args[2] == "background")
		fmt.Println(seconds, "ours", auc, differs)
		return err
	}
	if job == "knn" || job == "mlp" {
		seconds, auc, err := near(ctx, job, args[0])
		fmt.Println(seconds, "ours", auc)
		return err
	}
	if job == "neighbours" {
		if len(args) != 2 {
			return errors.New("neighbours wants columns and rows")
		}
		seconds, err := neighbours(ctx, args[0], args[1])
		fmt.Println(seconds)
		return err
	}
	if slices.Contains(linearNames, job) {
		seconds, err := fitLinear(ctx, job, args[0])
		fmt.Println(seconds)
		return err
	}
	if job == "forest" || job == "extra-trees" {
		if len(args) != 3 {
			return errors.New(job + " wants file, rows and trees")
		}
		seconds, auc, err := plant(ctx, job, args[0], args[1], args[2])
		fmt.Println(seconds, "ours", auc)
		return err
	}
	seconds, err := readData(ctx, job, args[0])
	fmt.Println(seconds)
	return err
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
	if len(fields) > 2 {
		if auc, err := strconv.ParseFloat(fields[2], 64); err == nil && 0 < auc && auc <= 1 {
			s.metric = fmt.Sprintf("%.5f", auc)
		}
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
