package nearest

import "testing"

func TestName(t *testing.T) {
	known := []string{"learning_rate", "leaves", "rounds", "l2"}
	for name, want := range map[string]string{
		"learning_rat": "learning_rate", "LearningRate": "learning_rate", "leafs": "leaves", "leave": "leaves",
		"round": "rounds", "l1": "l2", "": "", "depth": "", "x": "",
	} {
		if got := Name(name, known); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestHint(t *testing.T) {
	known := []string{"rounds", "l2"}
	for name, want := range map[string]string{
		"round": `; did you mean "rounds"?`, "depth": "; known are rounds, l2",
	} {
		if got := Hint(name, known); got != want {
			t.Errorf("%q: got %q", name, got)
		}
	}
	if got := Hint("x", nil); got != "; there are none" {
		t.Errorf("got %q", got)
	}
	if got := List([]string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}); got != "a, b, c, d, e, f, g, h and 2 more" {
		t.Errorf("got %q", got)
	}
}

func TestDistance(t *testing.T) {
	if d := distance("kitten", "sitting", 9); d != 3 {
		t.Errorf("kitten and sitting are 3 apart, got %d", d)
	}
	if d := distance("a", "aaaaaaaaaa", 3); d <= 3 {
		t.Errorf("got %d", d)
	}
}
