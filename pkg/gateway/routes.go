package gateway

import (
	"net/http"
	"strings"
)

// anyRoute is the pattern of what has no route.
const anyRoute = "/"

// Routes has mux answer what it has no route for by a problem, instead of net/http's plain text:
// route-not-found, or method-not-allowed with an Allow header. mux has no route "/" yet.
func Routes(mux *http.ServeMux) http.Handler {
	mux.HandleFunc(anyRoute, func(w http.ResponseWriter, r *http.Request) {
		if allowed := allowed(mux, r); len(allowed) > 0 {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			WriteProblem(w, r, MethodNotAllowed.New(r.Method+" is not one of the methods of this path"))
			return
		}
		WriteProblem(w, r, RouteNotFound.New("no route "+r.Method+" "+r.URL.Path))
	})
	return mux
}

// allowed lists the methods for which mux has a route to the request's path.
func allowed(mux *http.ServeMux, r *http.Request) []string {
	var methods []string
	for _, m := range []string{http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodPatch, http.MethodPost, http.MethodPut} {
		probe := r.Clone(r.Context())
		probe.Method = m
		if _, pattern := mux.Handler(probe); pattern != "" && pattern != anyRoute {
			methods = append(methods, m)
		}
	}
	return methods
}
