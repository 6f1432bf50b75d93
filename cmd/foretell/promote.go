package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/registry"
)

const promoteExamples = `
What answers predictions changes within seconds, with nothing deployed. A run promotes what it makes by
its config's rule; this is for the cases that the rule leaves to a person. A canary or a shadow ends with
the next promotion that does not name it; a threshold or costs stay with the alias until they are changed.
Who did it, when and why is kept: foretell models history NAME.

Examples:
  foretell promote adult-income 3 --reason "checked by hand against last week's outcomes"
  foretell promote adult-income 3 --canary 4=10%   # version 4 answers a tenth of the keys
  foretell promote adult-income 3 --shadow 4       # version 4 is asked besides, and compared
  foretell promote adult-income 4 --threshold 0.3
  foretell rollback adult-income
  foretell promote adult-income 4 --alias challenger
`

func promote(ctx context.Context, c *invocation) error {
	flags := c.aliasFlags()
	canary := c.flags.String("canary", "", "another version and its share of the requests, by their key, such as 4=10%")
	shadow := c.flags.Int("shadow", 0, "another version, whose predictions are compared with those that are answered")
	threshold := c.flags.String("threshold", "", "the probability from which on the second of two classes is served, instead of the model's own decision; none ends it")
	costs := c.flags.String("costs", "", "what mistakes cost, as JSON by true and served class, such as [[0,1],[5,0]], instead of the model's own decision")
	args, err := c.parse(2, 2)
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(args[1])
	if err != nil || version < 1 {
		return fmt.Errorf("%q is no version: want a number from 1, as `foretell models %s` lists them", args[1], args[0])
	}
	to := registry.Alias{Version: version, Reason: "promoted by hand"}
	if *shadow != 0 {
		to.Shadow = &registry.Shadow{Version: *shadow}
	}
	if *canary != "" {
		if to.Canary, err = parseCanary(*canary); err != nil {
			return err
		}
	}
	if to.Decision, err = parseDecision(*threshold, *costs); err != nil {
		return err
	}
	return flags.move(ctx, c, args[0], to)
}

func rollback(ctx context.Context, c *invocation) error {
	flags := c.aliasFlags()
	args, err := c.parse(1, 1)
	if err != nil {
		return err
	}
	return flags.move(ctx, c, args[0], registry.Alias{Reason: "rolled back by hand"})
}

// parseCanary reads 4=10% or 4=0.1.
func parseCanary(text string) (*registry.Canary, error) {
	fault := fmt.Errorf("--canary %q is no version and its share: want for example 4=10%%", text)
	number, share, ok := strings.Cut(text, "=")
	version, err := strconv.Atoi(number)
	if !ok || err != nil || version < 1 {
		return nil, fault
	}
	share, percent := strings.CutSuffix(share, "%")
	weight, err := strconv.ParseFloat(share, 64)
	if percent {
		weight /= 100
	}
	if err != nil || !(weight >= 0 && weight <= 1) {
		return nil, fault
	}
	return &registry.Canary{Version: version, Weight: weight}, nil
}

// parseDecision is nil if nothing is said, and empty if there is to be none.
func parseDecision(threshold, costs string) (*registry.Decision, error) {
	var d registry.Decision
	switch {
	case threshold == "" && costs == "":
		return nil, nil
	case threshold != "" && costs != "":
		return nil, errors.New("--threshold and --costs exclude each other")
	case threshold == "none":
	case threshold != "":
		v, err := strconv.ParseFloat(threshold, 64)
		if err != nil {
			return nil, fmt.Errorf("--threshold %q is no number, and not none", threshold)
		}
		d.Threshold = &v
	default:
		if err := json.Unmarshal([]byte(costs), &d.Costs); err != nil {
			return nil, fmt.Errorf("--costs: want for example [[0,1],[5,0]]: %w", err)
		}
	}
	return &d, nil
}

// aliasFlags are what promote and rollback have in common.
type aliasFlags struct{ store, alias, reason, by *string }

func (c *invocation) aliasFlags() aliasFlags {
	return aliasFlags{
		store:  c.storeFlag(),
		alias:  c.flags.String("alias", string(registry.Champion), "the alias to move; one that is not there is created"),
		reason: c.flags.String("reason", "", "why, for those who ask later"),
		by:     c.flags.String("by", "", "who does it; this user on this host if it is not said"),
	}
}

// move sets the alias, or with version 0 points it back.
func (f aliasFlags) move(ctx context.Context, c *invocation, model string, to registry.Alias) error {
	if *f.reason != "" {
		to.Reason = *f.reason
	}
	to.By, to.At = cmp.Or(*f.by, userAtHost()), time.Now().UTC().Truncate(time.Second)
	store, err := openStore(ctx, *f.store)
	if err != nil {
		return err
	}
	to, err = store.Move(ctx, registry.ModelName(model), registry.AliasName(*f.alias), to)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "alias %s of %s points at version %d (sha256 %.12s)", *f.alias, model, to.Version, to.Digest)
	if to.Previous != 0 && to.Previous != to.Version {
		fmt.Fprintf(c.stdout, "; before it at %d", to.Previous)
	}
	fmt.Fprintln(c.stdout)
	for _, line := range aliasLines(to) {
		fmt.Fprintln(c.stdout, " ", line)
	}
	return nil
}

// aliasLines says what an alias does besides pointing at a version.
func aliasLines(a registry.Alias) (lines []string) {
	if a.Canary != nil {
		lines = append(lines, fmt.Sprintf("version %d answers %g%% of the keys", a.Canary.Version, 100*a.Canary.Weight))
	}
	if a.Shadow != nil {
		lines = append(lines, fmt.Sprintf("version %d is asked besides, and compared", a.Shadow.Version))
	}
	if d := a.Decision; d != nil && d.Threshold != nil {
		lines = append(lines, fmt.Sprintf("the second class is served from probability %g on", *d.Threshold))
	} else if d != nil {
		lines = append(lines, fmt.Sprintf("the class of the least expected cost is served: %v", d.Costs))
	}
	return lines
}

// userAtHost is who runs this command, as far as the system says.
func userAtHost() string {
	name, host := "unknown", "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return name + "@" + host
}
