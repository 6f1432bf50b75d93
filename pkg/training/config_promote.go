package training

// PromoteConfig is the promotion rule.
type PromoteConfig struct {
	// When is always (default): champion moves to the new version; or never: it stays.
	When string `json:"when"`
}

func (p PromoteConfig) resolve() PromoteConfig {
	if p.When == "" {
		p.When = "always"
	}
	return p
}

func (p PromoteConfig) faults(l *faultList) {
	if p.When != "always" && p.When != "never" {
		l.add("/promote/when", "unknown rule %q: want always or never", p.When)
	}
}
