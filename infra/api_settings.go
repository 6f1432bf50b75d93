package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// apiSettings are what a stage's API asks of its clients and is asked by. Nothing of it is there by
// itself: then clients sign with AWS credentials, at API Gateway's own host name.
type apiSettings struct {
	Users    *users          `json:"users"`    // in place of AWS credentials: tokens of a Cognito user pool
	Keys     map[string]plan `json:"keys"`     // besides: an API key for each client, with a plan of its own
	Firewall *firewall       `json:"firewall"` // a web ACL
	Domain   *domain         `json:"domain"`   // a host name of one's own
}

// users are the user pool whose access tokens are taken. {} has the stage make one.
type users struct {
	Pool string `json:"pool"` // ARN of one that is there, with a resource server foretell of the scopes
}

// plan is what a client with an API key may ask.
type plan struct {
	RequestsPerSecond int `json:"requests_per_second"`
	RequestsAtOnce    int `json:"requests_at_once"`
	RequestsPerDay    int `json:"requests_per_day"`
}

// firewall is a web ACL of AWS's managed rules and a bound for each address.
type firewall struct {
	RequestsPer5Minutes int `json:"requests_per_5_minutes"` // of one address
}

// domain is a host name for the API, beside API Gateway's.
type domain struct {
	Name        string `json:"name"`        // api.example.com
	Certificate string `json:"certificate"` // ARN, in the stage's region
	Zone        string `json:"zone"`        // id of the hosted zone, which gets a record; "": somebody else sees to it
}

var (
	userPoolARN = regexp.MustCompile(`^arn:[a-z-]+:cognito-idp:[a-z0-9-]+:[0-9]{12}:userpool/[a-z0-9-]+_[A-Za-z0-9]+$`)
	keyName     = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	hostName    = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.){2,}[a-z]{2,}$`)
	zoneID      = regexp.MustCompile(`^Z[A-Z0-9]{1,31}$`)
)

func (a apiSettings) checks(s settings) (checks []check) {
	must := func(holds bool, format string, args ...any) {
		checks = append(checks, check{"api", holds, fmt.Sprintf(format, args...)})
	}
	if u := a.Users; u != nil {
		must(u.Pool == "" || userPoolARN.MatchString(u.Pool), "users.pool: %q is no user pool's ARN", u.Pool)
	}
	for _, name := range slices.Sorted(maps.Keys(a.Keys)) {
		p := a.Keys[name]
		must(keyName.MatchString(name), "keys.%s: a key is named by up to 32 small letters, digits and -", name)
		must(p.RequestsPerSecond >= 1 && p.RequestsPerSecond <= s.RequestsPerSecond,
			"keys.%s.requests_per_second: %d is not within 1 and requests_per_second of the stage", name, p.RequestsPerSecond)
		must(p.RequestsAtOnce >= 1 && p.RequestsAtOnce <= s.RequestsAtOnce,
			"keys.%s.requests_at_once: %d is not within 1 and requests_at_once of the stage", name, p.RequestsAtOnce)
		must(p.RequestsPerDay >= 1, "keys.%s.requests_per_day: %d lets nothing through", name, p.RequestsPerDay)
	}
	if f := a.Firewall; f != nil {
		must(f.RequestsPer5Minutes >= 10 && f.RequestsPer5Minutes <= 2_000_000_000,
			"firewall.requests_per_5_minutes: %d is not within 10 and 2,000,000,000, AWS WAF's bounds", f.RequestsPer5Minutes)
	}
	if d := a.Domain; d != nil {
		must(hostName.MatchString(d.Name), "domain.name: %q is no host name, such as api.example.com", d.Name)
		must(certificateARN.MatchString(d.Certificate) && strings.Contains(d.Certificate, ":"+s.Region+":"),
			"domain.certificate: %q is no ARN of a certificate in %s, where a regional API wants it", d.Certificate, s.Region)
		must(d.Zone == "" || zoneID.MatchString(d.Zone), "domain.zone: %q is no hosted zone's id", d.Zone)
	}
	return checks
}
