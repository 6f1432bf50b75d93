// Command leaves does one case of make bench-serving by github.com/dmitryikh/leaves, as
// bench_serving.py does those of other peers: leaves FOLDER ROWS prints the seconds per row.
package main

import (
	"encoding/binary"
	"fmt"
	"log"
	"math"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"github.com/dmitryikh/leaves"
)

func main() {
	folder, single := os.Args[1], os.Args[2] == "1"
	model, err := leaves.LGEnsembleFromFile(folder+"/model.txt", true)
	if err != nil {
		log.Fatal(err)
	}
	rows := floats(folder + "/rows.f64")
	width := model.NFeatures()
	n := len(rows) / width
	out := make([]float64, n)
	predict := func() {
		if !single {
			err = model.PredictDense(rows, n, width, out, 0, 1)
		}
		for i := 0; single && i < n; i++ {
			out[i] = model.PredictSingle(rows[i*width:(i+1)*width], 0)
		}
	}
	predict()
	var times []float64
	for begin := time.Now(); len(times) == 0 || time.Since(begin) < time.Second; {
		start := time.Now()
		predict()
		times = append(times, time.Since(start).Seconds()/float64(n))
	}
	if err != nil {
		log.Fatal(err)
	}
	slices.Sort(times)
	fmt.Println(times[len(times)/2], version())
}

func floats(path string) []float64 {
	b, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	values := make([]float64, len(b)/8)
	for i := range values {
		values[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return values
}

func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, d := range info.Deps {
		if d.Path == "github.com/dmitryikh/leaves" {
			return d.Version
		}
	}
	return "unknown"
}
