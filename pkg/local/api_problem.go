package local

import (
	"encoding/json"
	"net/http"
)

// kind is a problem type of docs/api.md that the gateway itself answers with.
type kind struct {
	slug, title string
	status      int
}

var (
	bodyTooLarge     = kind{"body-too-large", "Body too large", http.StatusRequestEntityTooLarge}
	routeNotFound    = kind{"route-not-found", "Route not found", http.StatusNotFound}
	methodNotAllowed = kind{"method-not-allowed", "Method not allowed", http.StatusMethodNotAllowed}
	tooManyRequests  = kind{"too-many-requests", "Too many requests", http.StatusTooManyRequests}
	internalError    = kind{"internal-error", "Internal error", http.StatusBadGateway}
	timeout          = kind{"timeout", "Timeout", http.StatusGatewayTimeout}
)

// problem writes an RFC 9457 document.
func problem(w http.ResponseWriter, q *http.Request, k kind, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(k.status)
	_ = json.NewEncoder(w).Encode(map[string]any{ // the client may be gone
		"type":  "https://foretell-ml.github.io/problems/" + k.slug,
		"title": k.title, "status": k.status, "detail": detail, "instance": q.URL.Path,
	})
}
