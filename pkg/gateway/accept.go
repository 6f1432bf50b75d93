package gateway

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Accepted returns which of the media types that can be offered, the server's favourite first,
// suits the Accept header of a request best (RFC 9110, 12.5.1): the one of the highest quality,
// of equals the first. Without the header it is the first; a Problem if none suits.
func Accepted(r *http.Request, offered ...string) (string, error) {
	header := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(header) == "" {
		return offered[0], nil
	}
	best, quality := "", 0.0
	for _, media := range offered {
		if q := qualityOf(media, header); q > quality {
			best, quality = media, q
		}
	}
	if best == "" {
		return "", NotAcceptable.New(fmt.Sprintf("Accept %q has none of %s", header, strings.Join(offered, ", ")))
	}
	return best, nil
}

// qualityOf is the quality of a media type by the most specific range that it is in, 0 if it is
// in none.
func qualityOf(media, header string) float64 {
	quality, specific := 0.0, -1
	kind, _, _ := strings.Cut(media, "/")
	for entry := range strings.SplitSeq(header, ",") {
		name, parameters, _ := strings.Cut(entry, ";")
		at := -1
		switch strings.ToLower(strings.TrimSpace(name)) {
		case media:
			at = 2
		case kind + "/*":
			at = 1
		case "*/*":
			at = 0
		}
		if at > specific {
			quality, specific = weight(parameters), at
		}
	}
	return quality
}

// weight is the q of parameters, 1 if there is none. One that is no number is as good as none.
func weight(parameters string) float64 {
	for p := range strings.SplitSeq(parameters, ";") {
		name, text, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			if q, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil && q >= 0 && q <= 1 {
				return q
			}
		}
	}
	return 1
}
