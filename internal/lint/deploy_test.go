package lint

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDeployChecks runs the last step of deploy.yml with commands that only say how they are called:
// smoke gets the API's address, and a token if the stage has a user pool; a token that is not given
// fails the job.
func TestDeployChecks(t *testing.T) {
	_, script, found := strings.Cut(read(t, ".github/workflows/deploy.yml"), "- name: Check\n")
	_, script, is := strings.Cut(script, "run: |\n")
	if !found || !is {
		t.Fatal("deploy.yml has no step Check that runs a script")
	}
	script = regexp.MustCompile(`(?m)^ {10}`).ReplaceAllString(script, "")
	const plain = `{"foretell-dev-storage": {"BucketOutput": "b"}, "foretell-dev-compute": {"APIOutput": "https://a/api"}}`
	pool := strings.Replace(plain, `"BucketOutput": "b"`, `"TokenOutput": "https://t/oauth2/token", "UsersOutput": "pool", "ClientOutput": "client"`, 1)
	for name, c := range map[string]struct{ outputs, answer, want string }{
		"signed":   {plain, "", "smoke --api https://a/api --seed 7 token= key=k"},
		"by token": {pool, `{"access_token": "t1", "expires_in": 3600}`, "smoke --api https://a/api --seed 7 token=t1 key=k"},
		"refused":  {pool, `{"error": "invalid_client"}`, ""},
	} {
		dir := t.TempDir()
		for file, text := range map[string]string{
			"outputs.json": c.outputs,
			"foretell":     "#!/bin/sh\necho \"$* token=$FORETELL_API_TOKEN key=$FORETELL_API_KEY\" > said\n",
			"aws":          "#!/bin/sh\ntest \"$*\" = 'cognito-idp describe-user-pool-client --user-pool-id pool --client-id client --query UserPoolClient.ClientSecret --output text' && echo s1\n",
			"curl":         "#!/bin/sh\ntest \"$*\" = '--fail --silent --show-error --user client:s1 --data grant_type=client_credentials https://t/oauth2/token' && echo '" + c.answer + "'\n",
		} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		step := exec.CommandContext(t.Context(), "bash", "-e", "-c", script) // as GitHub runs it
		step.Dir = dir
		step.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "GITHUB_RUN_NUMBER=7", "FORETELL_API_KEY=k"}
		output, err := step.CombinedOutput()
		said, _ := os.ReadFile(filepath.Join(dir, "said"))
		if strings.TrimSpace(string(said)) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, want %q, %v\n%s", name, said, c.want, err, output)
		}
	}
}
