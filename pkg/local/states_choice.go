package local

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// choice picks the next state by the first rule that holds.
type choice struct {
	rules    []rule
	standard string // Default; "" if there is none
}

// rule is a data test expression: one variable, one comparison.
type rule struct {
	variable path
	operator string
	operand  any
	next     string
}

// operators are the comparisons that are implemented. A value of another type than the
// operator's never matches; that is the language's rule, not an error.
var operators = map[string]func(value, operand any) bool{
	"BooleanEquals":            equal[bool],
	"StringEquals":             equal[string],
	"NumericEquals":            numeric(func(a, b float64) bool { return a == b }),
	"NumericGreaterThan":       numeric(func(a, b float64) bool { return a > b }),
	"NumericGreaterThanEquals": numeric(func(a, b float64) bool { return a >= b }),
	"NumericLessThan":          numeric(func(a, b float64) bool { return a < b }),
	"NumericLessThanEquals":    numeric(func(a, b float64) bool { return a <= b }),
	"IsNull":                   func(value, operand any) bool { return (value == nil) == operand.(bool) },
	"IsPresent":                nil, // decided in holds: it is about the path, not the value
}

func equal[T comparable](value, operand any) bool {
	v, ok := value.(T)
	return ok && v == operand.(T)
}

func numeric(compare func(a, b float64) bool) func(value, operand any) bool {
	return func(value, operand any) bool {
		v, ok := value.(json.Number)
		if !ok {
			return false
		}
		a, errA := v.Float64()
		b, errB := operand.(json.Number).Float64()
		return errA == nil && errB == nil && compare(a, b)
	}
}

func parseChoice(f *fields) action {
	c := &choice{}
	for _, r := range f.list("Choices") {
		c.rules = append(c.rules, parseRule(r))
		r.done()
	}
	if len(c.rules) == 0 {
		f.refuse("Choices", "has no rule")
	}
	c.standard, _ = f.optionalText("Default")
	if f.has("Default") && c.standard == "" {
		f.refuse("Default", "is empty")
	}
	return c
}

func parseRule(f *fields) rule {
	f.comment()
	out := rule{next: f.text("Next")}
	p, err := parsePath(f.text("Variable"))
	if err == nil {
		err = p.checkContext(false)
	}
	if err != nil {
		f.refuse("Variable", "is wrong: %v", err)
	}
	out.variable = p
	for _, name := range slices.Sorted(maps.Keys(operators)) {
		operand, ok := f.take(name)
		if !ok {
			continue
		}
		if out.operator != "" {
			f.refuse(name, "and field %q are both there: a rule has one comparison", out.operator)
		}
		if !operandFits(name, operand) {
			f.refuse(name, "is of the wrong type")
		}
		out.operator, out.operand = name, operand
	}
	if out.operator == "" {
		f.refuse("Variable", "has no comparison that is implemented here: %s", strings.Join(slices.Sorted(maps.Keys(operators)), ", "))
	}
	return out
}

func operandFits(operator string, operand any) (ok bool) {
	switch {
	case operator == "StringEquals":
		_, ok = operand.(string)
	case strings.HasPrefix(operator, "Numeric"):
		_, ok = operand.(json.Number)
	default:
		_, ok = operand.(bool)
	}
	return ok
}

func (c *choice) targets() []string {
	var out []string
	for _, r := range c.rules {
		out = append(out, r.next)
	}
	return append(out, c.standard)
}

// pick returns the state to go to.
func (c *choice) pick(s scope) (string, error) {
	for _, r := range c.rules {
		ok, err := r.holds(s)
		if err != nil {
			return "", err
		}
		if ok {
			return r.next, nil
		}
	}
	if c.standard == "" {
		return "", failure(errorNoChoice, "no rule holds, and there is no Default")
	}
	return c.standard, nil
}

func (r rule) holds(s scope) (bool, error) {
	v, ok := r.variable.get(s)
	if r.operator == "IsPresent" {
		return ok == r.operand.(bool), nil
	}
	if !ok {
		return false, failure(errorRuntime, "there is nothing at the Variable %s", r.variable.text)
	}
	return operators[r.operator](v, r.operand), nil
}
