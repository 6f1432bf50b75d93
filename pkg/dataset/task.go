package dataset

// Task is what a target column asks a model for.
type Task string

// The tasks.
const (
	Regression Task = "regression" // a number
	Binary     Task = "binary"     // one of two classes
	Multiclass Task = "multiclass" // one of three or more classes
)

// Classification reports whether the task asks for a class.
func (t Task) Classification() bool { return t == Binary || t == Multiclass }
