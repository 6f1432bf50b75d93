package registry

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// ModelName names a model.
type ModelName string

// DatasetName names a data set.
type DatasetName string

// AliasName names a pointer to one version of a model, like "champion".
type AliasName string

// NameFrom makes a name of the last part of a path: data/Adult Income.csv → adult-income. It
// is "" if no letter or digit is left.
func NameFrom(path string) string {
	base := path[strings.LastIndexByte(strings.TrimRight(path, "/"), '/')+1:]
	base = strings.TrimRight(base, "/")
	if dot := strings.LastIndexByte(base, '.'); dot > 0 {
		base = base[:dot]
	}
	name := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(base), "-"), "-")
	return strings.TrimRight(name[:min(len(name), MaxName)], "-")
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// Champion is the alias that serves when a request names none.
const Champion AliasName = "champion"

// Validate returns a *NameError if the name breaks the rule of names.
func (n ModelName) Validate() error { return validateName("model", string(n)) }

// Validate returns a *NameError if the name breaks the rule of names.
func (n DatasetName) Validate() error { return validateName("dataset", string(n)) }

// Validate returns a *NameError if the name breaks the rule of names.
func (n AliasName) Validate() error { return validateName("alias", string(n)) }

// MaxName is the longest name, in bytes: a DNS label, so that a name can become a host name,
// a schedule or a metric dimension unchanged.
const MaxName = 63

// validateName holds a name to ^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$.
func validateName(kind, name string) error {
	fault := ""
	switch {
	case name == "":
		fault = "is empty"
	case len(name) > MaxName:
		fault = fmt.Sprintf("is longer than %d characters", MaxName)
	case name[0] == '-' || name[len(name)-1] == '-':
		fault = "may not start or end with -"
	}
	for i := 0; fault == "" && i < len(name); i++ {
		if c := name[i]; !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
			fault = "may hold only a-z, 0-9 and -"
		}
	}
	if fault == "" {
		return nil
	}
	return &NameError{Kind: kind, Name: name, Fault: fault}
}

// MaxKey is the longest key and MaxElement the longest part of one between slashes, in
// bytes: the limits of S3 and of file systems.
const (
	MaxKey     = 1024
	MaxElement = 255
)

// ValidateKey says why a store refuses a key, or nil. A key is UTF-8 without control
// characters (they break S3's XML listings), of non-empty elements between slashes. No
// element starts with a dot: that rules out "." and "..", and leaves those names to stores.
func ValidateKey(key string) error {
	switch {
	case key == "":
		return &KeyError{Key: key, Fault: "is empty"}
	case len(key) > MaxKey:
		return &KeyError{Key: key, Fault: fmt.Sprintf("is longer than %d bytes", MaxKey)}
	case !utf8.ValidString(key):
		return &KeyError{Key: key, Fault: "is not UTF-8"}
	}
	for _, r := range key {
		if r < ' ' || r == 0x7f || r == '\\' {
			return &KeyError{Key: key, Fault: "holds a control character or backslash"}
		}
	}
	for element := range strings.SplitSeq(key, "/") {
		switch {
		case element == "":
			return &KeyError{Key: key, Fault: "has an empty element"}
		case element[0] == '.':
			return &KeyError{Key: key, Fault: "has an element that starts with a dot"}
		case len(element) > MaxElement:
			return &KeyError{Key: key, Fault: fmt.Sprintf("has an element longer than %d bytes", MaxElement)}
		}
	}
	return nil
}

// ValidatePrefix says why a store refuses to list a prefix, or nil: a prefix is empty, or
// the start of a valid key.
func ValidatePrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	return ValidateKey(strings.TrimSuffix(prefix, "/"))
}
