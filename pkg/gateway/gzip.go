package gateway

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxRatio is how many times its size a compressed body may become, once it is over freeSize:
// tables become ten or thirty times as small, a bomb a thousand times.
const (
	maxRatio = 200
	freeSize = 1 << 20
)

// ReadDecoded is ReadBody of a body that may be compressed by gzip (Content-Encoding), of at most
// limit bytes as it is sent and decoded bytes decompressed, and returns its media type too: the
// first of mediaTypes if the request declares none. A body that was decompressed on its way, as
// API Gateway does, and still is declared as compressed, is taken as it is.
func ReadDecoded(r *http.Request, limit, decoded int64, mediaTypes ...string) ([]byte, Media, error) {
	encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding")))
	zipped := encoding == "gzip" || encoding == "x-gzip"
	if encoding != "" && encoding != "identity" && !zipped {
		return nil, Media{}, UnsupportedMediaType.New(fmt.Sprintf("Content-Encoding %q is not read; send the body uncompressed, or as gzip", encoding))
	}
	media, err := mediaOf(r, mediaTypes)
	if err != nil {
		return nil, media, err
	}
	most := limit
	if zipped {
		most = max(limit, decoded) // it may be decompressed already
	}
	body, err := readAll(r, most)
	if err != nil || !zipped || !bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		return body, media, err
	}
	if int64(len(body)) > limit {
		return nil, media, BodyTooLarge.New(fmt.Sprintf("the body is larger than %d bytes", limit))
	}
	body, err = unzip(body, decoded)
	return body, media, err
}

// unzip decompresses a body, up to a size that no honest one reaches.
func unzip(body []byte, limit int64) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, InvalidEncoding.New("the body is not gzip: " + err.Error())
	}
	most := min(limit, max(freeSize, maxRatio*int64(len(body))))
	var plain bytes.Buffer
	n, err := io.Copy(&plain, io.LimitReader(reader, most+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, InvalidEncoding.New("the gzip body is cut off")
	case err != nil:
		return nil, InvalidEncoding.New("the gzip body is broken: " + strings.TrimPrefix(err.Error(), "gzip: "))
	case n > limit:
		return nil, BodyTooLarge.New(fmt.Sprintf("the body is larger than %d bytes when it is decompressed", limit))
	case n > most:
		return nil, BodyTooLarge.New(fmt.Sprintf("the body becomes more than %d times as large when it is decompressed", maxRatio))
	case len(bytes.TrimSpace(plain.Bytes())) == 0:
		return nil, EmptyBody.New("the request has no body")
	}
	return plain.Bytes(), nil
}
