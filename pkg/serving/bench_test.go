package serving_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/serving"
)

// BenchmarkPredict is a warm request from bytes to bytes: the alias read from a directory,
// rows decoded, predicted by boosting, and written.
func BenchmarkPredict(b *testing.B) {
	r, _ := newRegistry(b)
	train(b, r, "adult", "boosting", "income")
	promote(b, r, "adult", 1)
	h := (&serving.Server{Registry: r}).Routes()
	for _, rows := range []int{1, 100, serving.MaxInstances} {
		row := `{"age": 43, "job/class": "State", "member": true, "since": "2020-10-06T12:26:40Z"}`
		body := `{"instances": [` + strings.Repeat(row+",", rows-1) + row + `]}`
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if w := post(h, "/v1/models/adult/predict", body); w.Code != http.StatusOK {
					b.Fatal(w.Body)
				}
			}
		})
	}
}
