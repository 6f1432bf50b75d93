// Package docs gives code the documents of this folder that it works from, so that there is one of
// each: the API that is deployed is the one that people read of.
package docs

import _ "embed"

// OpenAPI is openapi.json, the OpenAPI 3.0 document of all routes.
//
//go:embed openapi.json
var OpenAPI []byte
