package control

import (
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// Limits of an upload: what one POST to S3 may hold, and for how long the permission lasts.
const (
	maxUpload   = 5 << 30
	uploadValid = 15 * time.Minute
)

// Bounds of the control plane's bodies, in bytes. A run config is read as YAML, which takes
// a second per megabyte at worst; it may hold the expectations of two thousand columns.
const (
	maxBody   = 1 << 20
	maxConfig = 256 << 10
)

var fileName = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,131}$`)

// upload answers POST …/uploads: what the client needs to send the file itself.
type upload struct {
	Dataset registry.DatasetName `json:"dataset"`
	Source  string               `json:"source"` // for data.source of a run config
	URL     string               `json:"url"`
	Fields  map[string]string    `json:"fields"` // form fields, to be sent before the file
	Expires string               `json:"expires_in"`
}

func (s *Server) createUpload(r *http.Request) (answer, error) {
	name := registry.DatasetName(r.PathValue("dataset"))
	if err := name.Validate(); err != nil {
		return answer{}, err
	}
	var request struct {
		File string `json:"file"`
	}
	if err := gateway.ReadJSON(r, maxBody, &request); err != nil {
		return answer{}, err
	}
	if _, _, known := dataset.FormatOf(request.File); !known || !fileName.MatchString(request.File) {
		return answer{}, gateway.InvalidParameter.New("the name of the file cannot be used", gateway.FieldError{Pointer: "/file",
			Detail: fmt.Sprintf("%q is not a plain name that ends in .csv, .tsv, .jsonl, .ndjson or .parquet, or one of them and .gz or .zst: letters, digits, '.', '_' and '-'", request.File)})
	}
	url, fields, err := s.Links.PresignPost(r.Context(), "data/"+string(name)+"/"+request.File, maxUpload, uploadValid)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, body: upload{name, "s3://" + s.Bucket + "/data/" + string(name) + "/", url, fields, uploadValid.String()}}, nil
}
