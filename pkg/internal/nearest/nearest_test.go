package nearest

import "testing"

func TestName(t *testing.T) {
	known := []string{"learning_rate", "leaves", "rounds", "l2"}
	for name, want := range map[string]string{
		"learning_rat": "learning_rate", "learningrate": "learning_rate", "leafs": "",
		"leave": "leaves", "round": "rounds", "l1": "l2", "": "", "depth": "",
	} {
		if got := Name(name, known); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	if got := Hint("round", known); got != `; did you mean "rounds"?` {
		t.Errorf("got %q", got)
	}
	if d := distance("kitten", "sitting"); d != 3 {
		t.Errorf("kitten and sitting are 3 apart, got %d", d)
	}
}
