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

// decode reads a document as JSON if it is JSON, else as YAML. JSON is nearly always YAML
// too, but a JSON decoder is sure of it, and quicker.
func decode(text []byte) (document any, err error) {
	if json.Valid(text) {
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber() // a seed has 64 bits, a float64 only 53
		return document, d.Decode(&document)
	}
	tokens := lexer.Tokenize(string(text))
	if tooDeep(tokens) {
		return nil, fmt.Errorf("lists and mappings are nested more than %d deep", maxDepth)
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, explainYAML(err)
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil, nil
	}
	if len(file.Docs) > 1 {
		return nil, errors.New("there is more than one document; want a single one")
	}
	var v yamlVisitor
	ast.Walk(&v, file.Docs[0].Body)
	if v.err != nil {
		return nil, v.err
	}
	if err := yaml.NodeToValue(file.Docs[0].Body, &document); err != nil {
		return nil, explainYAML(err)
	}
	return document, nil
}

// tooDeep reports whether lists and mappings may be nested deeper than is read. In brackets
// they are as deep as these; in lines, as often as their entries start further to the right.
func tooDeep(tokens token.Tokens) bool {
	var columns []int // where the entries start that the token is in
	brackets := 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets = max(0, brackets-1)
		}
		entry := t.Type == token.SequenceEntryType || t.Type == token.MappingKeyType || t.Next != nil && t.Next.Type == token.MappingValueType
		if brackets == 0 && entry {
			for len(columns) > 0 && columns[len(columns)-1] >= t.Position.Column {
				columns = columns[:len(columns)-1]
			}
			columns = append(columns, t.Position.Column)
		}
		if brackets+len(columns) > maxDepth {
			return true
		}
	}
	return false
}

func explainYAML(err error) error {
	return errors.New(strings.TrimSpace(yaml.FormatError(err, false, false)))
}

// yamlVisitor turns numbers that the library leaves as text into numbers, and refuses
// anchors: ten lines of them can stand for a document of any size.
type yamlVisitor struct{ err error }

// Visit implements ast.Visitor.
func (v *yamlVisitor) Visit(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.AnchorNode, *ast.AliasNode:
		v.err = errors.New("anchors (&) and aliases (*) are not read here; write the values out")
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
