package local

import (
	"maps"
	"slices"
	"strings"
)

// template is a payload template: JSON in which a field named "x.$" becomes a field "x"
// with what the path finds. Parameters, ResultSelector and ItemSelector are templates.
type template struct {
	// One of these, or else a literal.
	object  map[string]template
	array   []template
	path    *path
	literal any
}

// template takes an optional template field.
func (f *fields) template(name string, inItemSelector bool) *template {
	v, ok := f.take(name)
	if !ok {
		return nil
	}
	if _, isObject := v.(map[string]any); !isObject {
		f.refuse(name, "is not an object")
		return nil
	}
	t := f.parseTemplate(name, v, inItemSelector)
	return &t
}

// parameters takes the template Parameters, which must have these fields and no others.
func (f *fields) parameters(names ...string) *template {
	t := f.template("Parameters", false)
	if t == nil {
		if !f.has("Parameters") {
			f.refuse("Parameters", "is missing")
		}
		return nil
	}
	for _, name := range names {
		if _, ok := t.object[name]; !ok {
			f.refuse("Parameters."+name, "is missing")
		}
	}
	for name := range t.object {
		if !slices.Contains(names, name) {
			f.refuse("Parameters."+name, "is not implemented here")
		}
	}
	return t
}

func (f *fields) parseTemplate(where string, v any, inItemSelector bool) template {
	switch v := v.(type) {
	case map[string]any:
		t := template{object: map[string]template{}}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			name, isPath := strings.CutSuffix(key, ".$")
			inner := where + "." + key
			if _, twice := t.object[name]; twice {
				f.refuse(inner, "is given twice, with and without .$")
			}
			if isPath {
				t.object[name] = template{path: f.templatePath(inner, v[key], inItemSelector)}
			} else {
				t.object[name] = f.parseTemplate(inner, v[key], inItemSelector)
			}
		}
		return t
	case []any:
		t := template{array: []template{}}
		for _, item := range v {
			t.array = append(t.array, f.parseTemplate(where+"[]", item, inItemSelector))
		}
		return t
	}
	return template{literal: v}
}

func (f *fields) templatePath(where string, v any, inItemSelector bool) *path {
	text, ok := v.(string)
	if !ok {
		f.refuse(where, "is not a path")
		return nil
	}
	p, err := parsePath(text)
	if err == nil {
		err = p.checkContext(inItemSelector)
	}
	if err != nil {
		f.refuse(where, "is wrong: %v", err)
	}
	return &p
}

// fill makes the value of a template. A path that finds nothing is an error.
func (t template) fill(s scope) (any, error) {
	switch {
	case t.path != nil:
		v, ok := t.path.get(s)
		if !ok {
			return nil, failure(errorParameterPath, "there is nothing at %s in the input", t.path.text)
		}
		return v, nil
	case t.object != nil:
		out := make(map[string]any, len(t.object))
		for _, name := range slices.Sorted(maps.Keys(t.object)) {
			v, err := t.object[name].fill(s)
			if err != nil {
				return nil, err
			}
			out[name] = v
		}
		return out, nil
	case t.array != nil:
		out := make([]any, len(t.array))
		for i, item := range t.array {
			v, err := item.fill(s)
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		return out, nil
	}
	return t.literal, nil
}
