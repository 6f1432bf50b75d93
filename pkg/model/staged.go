package model

// Staged is a Model that was built up in rounds and can be had as it was after fewer of them.
type Staged interface {
	Model
	// Rounds is how many there were.
	Rounds() int
	// After is the model after the first so many rounds, at most Rounds; the model is left as it is.
	After(rounds int) Model
}

var _ Staged = (*boosted)(nil)

// Rounds are those whose trees are kept.
func (m *boosted) Rounds() int { return m.count() / len(m.base) }

func (m *boosted) After(rounds int) Model {
	before := &boosted{objective: m.objective, base: m.base, features: m.features, woods: woods{forest: m.trees().Clone(), known: *m.record()},
		curve: m.curve, warned: m.warned} // it lays out its trees anew when it predicts
	before.truncate(rounds * len(m.base))
	return before
}
