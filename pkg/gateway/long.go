package gateway

import (
	"context"
	"fmt"
	"net/http"
)

// Long keeps an answer that is larger than Lambda carries, and returns a URL from which whoever has
// it gets the answer for a while. id is the request's.
type Long func(ctx context.Context, id, contentType string, body []byte) (url, expiresIn string, err error)

// Elsewhere is the body of 303 See Other: what was asked for lies at Location, which is also the
// header, and is to be read from there without the credentials that the API was asked with.
type Elsewhere struct {
	Location  string `json:"location"`
	Bytes     int64  `json:"bytes,omitempty"`
	ExpiresIn string `json:"expires_in"` // such as 15m0s
}

// instead answers in place of what w holds, which is too large: with where it is kept, or with a
// problem if it is kept nowhere. Headers other than those of the body stay.
func (long Long) instead(r *http.Request, w *recorder) *recorder {
	other := newRecorder(w.id)
	if long == nil || w.status != http.StatusOK {
		WriteProblem(other, r, ResponseTooLarge.New(fmt.Sprintf("the answer is larger than %d bytes", MaxResponse)))
		return other
	}
	url, expiresIn, err := long(r.Context(), w.id, w.sent.Get("Content-Type"), w.body.Bytes())
	if err != nil {
		WriteProblem(other, r, ResponseTooLarge.New(fmt.Sprintf("the answer is larger than %d bytes, and could not be kept elsewhere", MaxResponse)).Because(err))
		return other
	}
	for name, values := range w.sent {
		other.header[name] = values
	}
	other.header.Set("Location", url)
	WriteJSON(other, http.StatusSeeOther, Elsewhere{url, int64(w.body.Len()), expiresIn})
	return other
}
