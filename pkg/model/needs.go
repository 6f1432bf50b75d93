package model

// Needs says what a learner asks of its columns. Whoever encodes them goes by it and not by
// the learner's name. The zero value is a learner that takes numbers as they are, missing
// ones too.
type Needs struct {
	// Complete: it takes no missing values.
	Complete bool
	// Scale: it multiplies its columns and adds them up, so that their sizes and the
	// straightness of their effects count.
	Scale bool
	// Categories: it splits categories itself, given by index (dataset.Matrix.Categories).
	Categories bool
}

// offsetter is a learner that may have a place for Data.Offset.
type offsetter interface{ takesOffset() bool }

var (
	_ offsetter = GLM{}
	_ offsetter = Boosting{}
)

// TakesOffset reports whether a learner fits data with offsets: one with a log link does.
func TakesOffset(l Learner) bool {
	o, ok := l.(offsetter)
	return ok && o.takesOffset()
}

// NeedsOf is what the learner of that name asks for; nothing if there is none of that name.
func NeedsOf(learner string) Needs {
	for _, f := range families() {
		if f.name == learner {
			return f.needs
		}
	}
	return Needs{}
}
