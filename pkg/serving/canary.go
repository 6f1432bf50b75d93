package serving

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"net/http"
	"strings"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// The headers of a request by which clients name it and what it is about.
const (
	// HeaderRequest is the caller's own id of the request, of which the ids of its predictions are
	// made; without it that is X-Request-Id.
	HeaderRequest = "Foretell-Request-Id"
	// HeaderKey is what a canary is chosen by, such as a customer's number: one key has one answer.
	// Without it that is the id of the request.
	HeaderKey = "Foretell-Key"
)

// maxRequestID is the longest id of a request.
const maxRequestID = 128

// asker is who asks, as far as that matters.
type asker struct{ id, key string }

// askerOf reads the headers of a request. w has the platform's id of it, if there is a platform.
func askerOf(w http.ResponseWriter, r *http.Request) (asker, error) {
	who := asker{id: r.Header.Get(HeaderRequest), key: r.Header.Get(HeaderKey)}
	if who.id == "" {
		who.id = w.Header().Get("X-Request-Id")
	} else if len(who.id) > maxRequestID || strings.Trim(who.id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") != "" {
		return who, gateway.InvalidParameter.New(fmt.Sprintf("%s is not 1 to %d of A-Z, a-z, 0-9, ., _ and -", HeaderRequest, maxRequestID))
	}
	if who.key == "" {
		who.key = who.id
	}
	return who, nil
}

// inCanary reports whether the asker's requests belong to a canary. Each key has a number from 0 to
// 1, by its SHA-256 with the canary's digest, and belongs to the canary if that is below the weight:
// so a key keeps its version while the weight stays, a greater weight adds keys and takes none
// away, and another canary has other keys. Without key and id the answer is no.
func (a asker) inCanary(model registry.ModelName, c *registry.Canary) bool {
	if a.key == "" {
		return false
	}
	sum := sha256.Sum256([]byte(string(model) + "\x00" + c.Digest + "\x00" + a.key))
	return math.Ldexp(float64(binary.BigEndian.Uint64(sum[:])>>11), -53) < c.Weight
}
