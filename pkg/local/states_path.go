package local

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"unicode"
)

// path is a reference path: the root, then names and indexes. Filters, slices, wildcards
// and intrinsic functions are refused, for no workflow file uses them.
type path struct {
	text    string
	context bool // "$$…": into the context object, not the state's data
	steps   []pathStep
}

type pathStep struct {
	name  string
	index int // where name is empty
}

// scope is what paths look into.
type scope struct {
	data    any // "$"
	context any // "$$"
}

// contextRoots are the parts of the context object that are there, beside all of Execution, which
// has more on AWS. Map is there only for the ItemSelector: a child of a distributed Map is an
// execution of its own.
var contextRoots = []string{"Execution.Id", "Execution.Name", "Execution.Input", "Execution.RedriveCount"}

var mapContextRoots = []string{"Map.Item.Index", "Map.Item.Value"}

func parsePath(text string) (path, error) {
	p := path{text: text}
	rest, ok := strings.CutPrefix(text, "$")
	if !ok {
		if strings.HasPrefix(text, "States.") {
			return p, fmt.Errorf("%q: intrinsic functions are not implemented here", text)
		}
		return p, fmt.Errorf("%q is not a path: a path starts with $", text)
	}
	if inner, ok := strings.CutPrefix(rest, "$"); ok {
		p.context, rest = true, inner
	}
	for rest != "" {
		step, tail, ok := cutStep(rest)
		if !ok {
			return p, fmt.Errorf("path %q: only names and indexes are implemented here, not %q", text, rest)
		}
		p.steps = append(p.steps, step)
		rest = tail
	}
	return p, nil
}

// cutStep takes .name, ['name'] or [index] off the front of a path.
func cutStep(s string) (step pathStep, rest string, ok bool) {
	if inner, ok := strings.CutPrefix(s, "['"); ok {
		name, rest, ok := strings.Cut(inner, "']")
		return pathStep{name: name}, rest, ok && name != "" && !strings.ContainsAny(name, `'\`)
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		digits, rest, ok := strings.Cut(inner, "]")
		n, err := strconv.ParseUint(digits, 10, 31)
		return pathStep{index: int(n)}, rest, ok && err == nil
	}
	inner, ok := strings.CutPrefix(s, ".")
	if !ok {
		return pathStep{}, s, false
	}
	end := strings.IndexFunc(inner, func(r rune) bool {
		return r != '_' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	if end < 0 {
		end = len(inner)
	}
	return pathStep{name: inner[:end]}, inner[end:], end > 0
}

// checkContext refuses what the context object does not have here.
func (p path) checkContext(inItemSelector bool) error {
	if !p.context || p.text == "$$.Execution" {
		return nil
	}
	roots := contextRoots
	if inItemSelector {
		roots = append(roots[:len(roots):len(roots)], mapContextRoots...)
	}
	for _, root := range roots {
		if tail, ok := strings.CutPrefix(p.text, "$$."+root); ok && (tail == "" || tail[0] == '.' || tail[0] == '[') {
			return nil
		}
	}
	return fmt.Errorf("path %q: of the context object only %s are implemented here", p.text, strings.Join(roots, ", "))
}

// get looks a path up; ok is false if nothing is there.
func (p path) get(s scope) (v any, ok bool) {
	v = s.data
	if p.context {
		v = s.context
	}
	for _, step := range p.steps {
		switch at := v.(type) {
		case map[string]any:
			if v, ok = at[step.name]; !ok || step.name == "" {
				return nil, false
			}
		case []any:
			if step.name != "" || step.index >= len(at) {
				return nil, false
			}
			v = at[step.index]
		default:
			return nil, false
		}
	}
	return v, true
}

// put returns root with value at the path, making objects on the way. Root is not changed:
// other states and children may hold it.
func (p path) put(root, value any) (any, error) {
	return putSteps(root, p.steps, value, p.text)
}

func putSteps(root any, steps []pathStep, value any, text string) (any, error) {
	if len(steps) == 0 {
		return value, nil
	}
	object, ok := root.(map[string]any)
	if !ok {
		return nil, failure(errorResultPath, "the ResultPath %s does not fit into the state's input: %q is to be added to something that is not an object", text, steps[0].name)
	}
	object = maps.Clone(object)
	inner, ok := object[steps[0].name]
	if !ok {
		inner = map[string]any{}
	}
	inner, err := putSteps(inner, steps[1:], value, text)
	if err != nil {
		return nil, err
	}
	object[steps[0].name] = inner
	return object, nil
}

// selection is a path field that may be null: InputPath, OutputPath, ResultPath.
type selection struct {
	null bool
	path path
}

// selection takes an optional path field; without it the whole is selected.
func (f *fields) selection(name string) selection {
	v, ok := f.take(name)
	if !ok {
		return selection{path: path{text: "$"}}
	}
	if v == nil {
		return selection{null: true}
	}
	text, isText := v.(string)
	if !isText {
		f.refuse(name, "is neither a path nor null")
		return selection{}
	}
	p, err := parsePath(text)
	if err == nil {
		err = p.checkContext(false)
	}
	if err != nil {
		f.refuse(name, "is wrong: %v", err)
	}
	return selection{path: p}
}

// resultPath takes the ResultPath: names only, into the state's input.
func (f *fields) resultPath() selection {
	s := f.selection("ResultPath")
	for _, step := range s.path.steps {
		if step.name == "" {
			f.refuse("ResultPath", "is %q: indexes are not implemented here", s.path.text)
		}
	}
	if s.path.context {
		f.refuse("ResultPath", "is %q: the context object cannot be written", s.path.text)
	}
	return s
}

// of selects from the scope; null selects an empty object.
func (s selection) of(where scope, field string) (any, error) {
	if s.null {
		return map[string]any{}, nil
	}
	v, ok := s.path.get(where)
	if !ok {
		return nil, failure(errorRuntime, "%s: there is nothing at %s", field, s.path.text)
	}
	return v, nil
}
