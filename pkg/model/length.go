package model

// Length is the parameter of a learner that says how long it goes on (rounds, trees or
// epochs), so that a fit with less of it is the beginning of one with more, and its value with
// these params. Other learners, and params that are wrong, have none: "".
func Length(learner string, params map[string]any) (param string, value int) {
	l, err := New(learner, params)
	if err != nil {
		return "", 0
	}
	switch l := l.(type) {
	case Boosting:
		return "rounds", l.Rounds
	case Forest:
		return "trees", l.Trees
	case MLP:
		return "epochs", l.Epochs
	}
	return "", 0
}
