package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// decode reads a document as JSON if it is JSON, else as YAML, and where its values stand. JSON
// is nearly always YAML too, but a JSON decoder is sure of it, and quicker.
func decode(text []byte) (document any, places Places, faults []Fault) {
	places = Places{}
	if json.Valid(text) {
		if faults := places.ofJSON(text); len(faults) > 0 {
			return nil, nil, faults
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber() // a seed has 64 bits, a float64 only 53
		if err := d.Decode(&document); err != nil {
			return nil, nil, []Fault{{Detail: err.Error()}}
		}
		return document, places, nil
	}
	tokens := lexer.Tokenize(string(text))
	if err := tooMuch(tokens); err != nil {
		return nil, nil, []Fault{{Detail: err.Error()}}
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, nil, []Fault{explainYAML(err)}
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil, places, nil
	}
	if len(file.Docs) > 1 {
		f := Fault{Detail: "there is more than one document; want a single one"}
		if file.Docs[1].Start != nil {
			f.Line, f.Column = file.Docs[1].Start.Position.Line, file.Docs[1].Start.Position.Column
		}
		return nil, nil, []Fault{f}
	}
	var v yamlVisitor
	ast.Walk(&v, file.Docs[0].Body)
	if v.faults != nil {
		return nil, nil, v.faults
	}
	if err := yaml.NodeToValue(file.Docs[0].Body, &document); err != nil {
		return nil, nil, []Fault{explainYAML(err)}
	}
	places.ofYAML(file.Docs[0].Body, "")
	return document, places, nil
}

// tooMuch says what of a document would take a parser's stack or its time, which grows with
// the square of a mapping's keys. Lists and mappings in brackets are as deep as these; in
// lines, as often as their entries start further to the right.
func tooMuch(tokens token.Tokens) error {
	type entries struct{ column, keys int }
	var open []entries // the lists and mappings in lines that the token is in
	brackets := 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets = max(0, brackets-1)
		}
		key := t.Next != nil && t.Next.Type == token.MappingValueType
		if brackets == 0 && (key || t.Type == token.SequenceEntryType || t.Type == token.MappingKeyType) {
			for len(open) > 0 && open[len(open)-1].column > t.Position.Column {
				open = open[:len(open)-1]
			}
			if len(open) == 0 || open[len(open)-1].column < t.Position.Column {
				open = append(open, entries{column: t.Position.Column})
			}
			if key {
				open[len(open)-1].keys++
			}
			if open[len(open)-1].keys > maxKeys {
				return fmt.Errorf("a mapping has more than %d keys", maxKeys)
			}
		}
		if brackets+len(open) > maxDepth {
			return fmt.Errorf("lists and mappings are nested more than %d deep", maxDepth)
		}
	}
	return nil
}

// explainYAML says what the parser found, and where, without the lines around it.
func explainYAML(err error) Fault {
	var known yaml.Error
	if !errors.As(err, &known) || known.GetToken() == nil {
		return Fault{Detail: strings.TrimSpace(yaml.FormatError(err, false, false))}
	}
	at := known.GetToken().Position
	return Fault{Detail: known.GetMessage(), Line: at.Line, Column: at.Column}
}

// yamlVisitor turns numbers that the library leaves as text into numbers, and refuses
// anchors: ten lines of them can stand for a document of any size.
type yamlVisitor struct{ faults []Fault }

// Visit implements ast.Visitor.
func (v *yamlVisitor) Visit(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.AnchorNode, *ast.AliasNode:
		at := n.GetToken().Position
		v.faults = []Fault{{Detail: "anchors (&) and aliases (*) are not read here; write the values out", Line: at.Line, Column: at.Column}}
		return nil
	case *ast.SequenceNode:
		for i := range n.Values {
			n.Values[i] = numeric(n.Values[i])
		}
	case *ast.MappingValueNode:
		n.Value = numeric(n.Value)
	}
	return v
}

// exponential is a number of YAML 1.2 (section 10.3.2) that the library takes for text: for
// want of a dot, 1e-4; or because 64 bits do not hold it.
var exponential = regexp.MustCompile(`^[-+]?([0-9]+[eE][-+]?[0-9]+|[1-9][0-9]{18,})$`)

// numeric returns a number in place of plain text that YAML 1.2 reads as one.
func numeric(n ast.Node) ast.Node {
	text, ok := n.(*ast.StringNode)
	if !ok || text.Token.Type != token.StringType || !exponential.MatchString(text.Value) {
		return n // quoted text has another type, and stays text
	}
	value, err := strconv.ParseFloat(text.Value, 64)
	if err != nil {
		return n // 1e999
	}
	return &ast.FloatNode{BaseNode: text.BaseNode, Token: text.Token, Value: value}
}
