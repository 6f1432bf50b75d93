package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
)

// envSign is the AWS region that requests are signed for where the API's address does not tell it:
// by a domain of its own.
const envSign = "FORETELL_SIGN"

// Secrets that an API may ask for come by the environment too: everybody on a machine sees the flags
// of its commands.
const (
	envKey   = "FORETELL_API_KEY"   // goes as X-Api-Key
	envToken = "FORETELL_API_TOKEN" // an access token, which goes as Authorization in place of a signature
)

// signExamples end the help of commands with an --api.
const signExamples = `
Requests to API Gateway's own hosts are signed with the credentials that AWS's tools find, and those to other
hosts if ` + envSign + ` is the region of the API. ` + envKey + ` is an API key that goes along, ` + envToken + ` an
access token that goes in place of a signature.
`

// executeAPI is the host of an API on AWS, also by a VPC endpoint, which tells its region.
var executeAPI = regexp.MustCompile(`^[a-z0-9-]+\.execute-api\.([a-z0-9-]+)\.(?:vpce\.)?amazonaws\.com(\.cn)?$`)

// newClient is a client of the API at a URL. Requests to one on AWS are signed (Signature Version 4)
// with the credentials that AWS's own tools would use.
func newClient(ctx context.Context, api string) (client, error) {
	c := client{url: strings.TrimSuffix(api, "/"), key: os.Getenv(envKey), token: os.Getenv(envToken)}
	u, err := url.Parse(api)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return c, fmt.Errorf("--api %q is no URL", api)
	}
	if c.token != "" {
		return c, nil
	}
	if c.region = os.Getenv(envSign); c.region == "" {
		if host := executeAPI.FindStringSubmatch(u.Hostname()); host != nil {
			c.region = host[1]
		}
	}
	if c.region == "" {
		return c, nil
	}
	settings, err := config.LoadDefaultConfig(ctx, config.WithRegion(c.region))
	if err != nil {
		return c, fmt.Errorf("sign requests to %s: %w", u.Host, err)
	}
	c.credentials = settings.Credentials
	return c, nil
}

// sign signs a request with this body, if the client signs at all.
func (c client) sign(ctx context.Context, r *http.Request, body []byte, now time.Time) error {
	if c.region == "" {
		return nil
	}
	who, err := c.credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("sign the request: %w", err)
	}
	sum := sha256.Sum256(body)
	return v4.NewSigner().SignHTTP(ctx, who, r, hex.EncodeToString(sum[:]), "execute-api", c.region, now)
}
