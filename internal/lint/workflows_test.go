package lint

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	usesAction = regexp.MustCompile(`uses: *(\S+)(.*)`)
	pinned     = regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40}$`)
	version    = regexp.MustCompile(`^ # v\d+\.\d+\.\d+(; .*)?$`)
	permission = regexp.MustCompile(`(?m)^permissions:`)
	fullRights = regexp.MustCompile(`(?m)^ *(permissions: write-all|[\w-]+: write)`)
	secret     = regexp.MustCompile(`\$\{\{[^}]*secrets\.`)
)

// mayWrite are the rights to write that a workflow may ask for: a token of OpenID Connect.
var mayWrite = []string{"id-token: write"}

// loose finds what lets others change what a workflow of GitHub Actions does, or lets it do more than
// it has to.
func loose(path, text string) (faults []string) {
	for _, m := range usesAction.FindAllStringSubmatch(text, -1) {
		if strings.HasPrefix(m[1], "./") {
			continue // of this repository, at this commit
		}
		if !pinned.MatchString(m[1]) || !version.MatchString(m[2]) {
			faults = append(faults, fmt.Sprintf("%s uses %s%s: pin the commit, and say its version in a comment", path, m[1], m[2]))
		}
	}
	if !permission.MatchString(text) {
		faults = append(faults, path+" says nothing of permissions for all jobs: it gets the repository's, which may be many")
	}
	for _, m := range fullRights.FindAllString(text, -1) {
		if !slices.Contains(mayWrite, strings.TrimSpace(m)) {
			faults = append(faults, fmt.Sprintf("%s asks for %q: only for %v", path, strings.TrimSpace(m), mayWrite))
		}
	}
	if secret.MatchString(text) {
		faults = append(faults, path+" uses a secret: there are none, roles are assumed by OpenID Connect")
	}
	return faults
}

var (
	npmCDK       = regexp.MustCompile(`aws-cdk@(\d[\w.]*)`)
	cdkMentioned = []string{"Makefile", "README.md", ".github/workflows/deploy.yml", "docs/releases.md"}
)

// TestWorkflows: actions are pinned, and what deploys is what make deploy-check has tried.
func TestWorkflows(t *testing.T) {
	found := 0
	for _, path := range files(t) {
		if strings.HasPrefix(path, ".github/workflows/") {
			found++
			report(t, loose(path, read(t, path)))
		}
	}
	if found == 0 {
		t.Error("there are no workflows in .github/workflows")
	}
	versions := map[string][]string{}
	for _, path := range cdkMentioned {
		for _, m := range npmCDK.FindAllStringSubmatch(read(t, path), -1) {
			versions[m[1]] = append(versions[m[1]], path)
		}
	}
	if len(versions) != 1 {
		t.Errorf("the CDK's command line has versions %v: %v", slices.Sorted(maps.Keys(versions)), versions)
	}

	const fine = "permissions: {}\njobs:\n  a:\n    permissions:\n      id-token: write\n    steps:\n      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0\n      - uses: ./.github/workflows/x.yml\n"
	for example, faults := range map[string]int{
		fine: 0,
		strings.Replace(fine, "@08c6903cd8c0fde910a37f88322edcfb5dd907a8", "@v5", 1): 1,
		strings.Replace(fine, " # v5.0.0", "", 1):                                    1,
		strings.Replace(fine, "id-token", "contents", 1):                             1,
		strings.Replace(fine, "permissions: {}\n", "", 1):                            1,
		fine + "        with: {key: \"${{ secrets.KEY }}\"}\n":                       1,
	} {
		bites(t, example, loose("x.yml", example), faults)
	}
}
