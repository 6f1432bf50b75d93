package training

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// decodeDocument reads a config as JSON if it is JSON, else as YAML. JSON is nearly always
// YAML too, but a JSON decoder is sure of it, and quicker.
func decodeDocument(text []byte) (document any, err error) {
	if json.Valid(text) {
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber() // a seed has 64 bits, a float64 only 53
		return document, d.Decode(&document)
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, explainYAML(err)
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil, nil
	}
	if len(file.Docs) > 1 {
		return nil, errors.New("there is more than one document; a config is a single one")
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
		v.err = errors.New("anchors (&) and aliases (*) are not read in a config; write the values out")
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

// exponential is a number of YAML 1.2 (section 10.3.2) that the library takes for text, for
// want of a dot: 1e-4.
var exponential = regexp.MustCompile(`^[-+]?[0-9]+[eE][-+]?[0-9]+$`)

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
