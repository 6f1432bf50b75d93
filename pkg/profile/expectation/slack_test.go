package expectation

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// TestAtMostAgreesWithTheExactTest compares the score test with the hypergeometric
// probabilities of scipy: within two rows, or 2% of what is added to k.
func TestAtMostAgreesWithTheExactTest(t *testing.T) {
	text, err := os.ReadFile("../../../testdata/golden/expectation_scipy.json")
	if err != nil {
		t.Fatal(err)
	}
	var peer struct {
		Cases []struct{ K, N, Limit int }
	}
	if err := json.Unmarshal(text, &peer); err != nil || len(peer.Cases) < 50 {
		t.Fatalf("%d cases, %v", len(peer.Cases), err)
	}
	for _, c := range peer.Cases {
		got := atMost(c.K, c.N)
		if math.Abs(float64(got-c.Limit)) > max(2, 0.02*float64(c.Limit-c.K)) {
			t.Errorf("k=%d, n=%d: %d, scipy has %d", c.K, c.N, got, c.Limit)
		}
	}
}

func TestSharesAreRoundedUp(t *testing.T) {
	for _, c := range []struct {
		k, n int
		want float64
	}{{0, 6000, 0.0022}, {0, 1_000_000, 0.000013}, {5, 10, 1}, {300, 6000, 0.066}, {10, 10, 1}} {
		if got := shareAtMost(c.k, c.n); got != c.want {
			t.Errorf("%d of %d: %v, want %v", c.k, c.n, got, c.want)
		}
	}
	if got := roundTo(0.123, 0.01, math.Floor); got != 0.12 {
		t.Errorf("got %v", got)
	}
}
