// Package site is the page on which people try models: GET / of the API and of the local cloud.
//
// It is one HTML file with its style and script in it, made by no tool and of no framework. Whatever
// it shows it asks the API for that it came from, by the routes that every client has: it has no
// route of its own, and nothing that it could do which they could not. Its policy lets it load
// nothing else and call nobody else.
//
// On AWS the API answers only requests that are signed, this page included, and browsers sign none.
// There it is for those who put a proxy that signs before the API; it says so when it is refused.
package site

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/foretell-ml/foretell/pkg/gateway"
)

//go:embed page/page.html
var frame string

//go:embed page/page.css
var style string

// The parts of the script, in the order of use.
var (
	//go:embed page/api.js
	apiJS string
	//go:embed page/show.js
	showJS string
	//go:embed page/field.js
	fieldJS string
	//go:embed page/answer.js
	answerJS string
	//go:embed page/model.js
	modelJS string
	//go:embed page/page.js
	pageJS string

	script = "\"use strict\";\n" + apiJS + showJS + fieldJS + answerJS + modelJS + pageJS
)

var page = []byte(strings.NewReplacer("{{style}}", style, "{{script}}", script).Replace(frame))

// policy names the style and the script by their digests, lets the page ask the API and nobody else,
// and forbids that texts become markup. The picture is the one of the tab, which lies in the page.
var policy = "default-src 'none'; connect-src 'self'; img-src data:; style-src " + digest(style) + "; script-src " + digest(script) +
	"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// Handler answers with the page.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-cache")
		gateway.WriteHTML(w, http.StatusOK, page)
	})
}

// digest is how a policy names a text.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
