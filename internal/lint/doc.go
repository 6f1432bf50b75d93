// Package lint holds the rules of this repository as tests: which package may import which,
// what code below the edges may not call, how packages are named and documented, and what
// lies where. A rule that nobody checks is a habit, and habits go.
//
// The package has no code of its own. A failing rule says what to do about it. Each rule
// is also run on an example that breaks it, so that a rule that no longer bites is noticed.
package lint
