package local

import (
	"strings"
	"testing"
)

const okTask = `"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f", "Payload": {}}, "End": true`

const okMap = `"Type": "Map", "End": true, "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"}, "Parameters": {"Bucket": "b", "Key": "k"}},
	"ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P", "States": {"P": {"Type": "Succeed"}}}`

// TestParseRefuses holds that what is not implemented or not right is refused, by the name
// of state and field.
func TestParseRefuses(t *testing.T) {
	if _, err := ParseMachine([]byte(one(`{` + okTask + `}`))); err != nil {
		t.Fatalf("the sound task is refused: %v", err)
	}
	if _, err := ParseMachine([]byte(one(`{` + okMap + `}`))); err != nil {
		t.Fatalf("the sound map is refused: %v", err)
	}
	tests := []struct{ name, definition, want string }{
		{"not JSON", `{`, "unexpected EOF"},
		{"two values", one(`{"Type": "Succeed"}`) + `1`, "more than one JSON value"},
		{"not an object", `[]`, "not a JSON object"},
		{"a state twice", `{"StartAt": "S", "States": {"S": {"Type": "Succeed"}, "S": {"Type": "Succeed"}}}`, `key "S" twice`},
		{"no StartAt", `{"States": {"S": {"Type": "Succeed"}}}`, `state machine: field "StartAt" is missing`},
		{"StartAt to nowhere", `{"StartAt": "T", "States": {"S": {"Type": "Succeed"}}}`, `the state "T", which does not exist`},
		{"no States", `{"StartAt": "S"}`, `field "States" is missing`},
		{"empty States", `{"StartAt": "S", "States": {}}`, `field "States" has no state`},
		{"TimeoutSeconds of the machine", `{"TimeoutSeconds": 3, "StartAt": "S", "States": {"S": {"Type": "Succeed"}}}`, `state machine: field "TimeoutSeconds" is not implemented here`},
		{"JSONata", `{"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": {"Type": "Succeed"}}}`, `"JSONata", only "JSONPath"`},
		{"version", `{"Version": "2.0", "StartAt": "S", "States": {"S": {"Type": "Succeed"}}}`, `"2.0", only "1.0"`},
		{"state is no object", one(`1`), `field "S" is not a state`},
		{"no type", one(`{"End": true}`), `state "S": field "Type" is missing`},
		{"type", one(`{"Type": "Parallel", "Branches": [], "End": true}`), `state "S": field "Type" is "Parallel", which is not implemented here`},
		{"wait", one(`{"Type": "Wait", "Seconds": 1, "End": true}`), `"Wait", which is not implemented here`},
		{"neither Next nor End", one(`{"Type": "Pass"}`), `state "S": field "Next" is missing`},
		{"End false", one(`{"Type": "Pass", "End": false}`), `field "Next" is missing`},
		{"Next and End", one(`{"Type": "Pass", "End": true, "Next": "S"}`), `field "End" and field "Next" are both there`},
		{"Next to nowhere", one(`{"Type": "Pass", "Next": "T"}`), `state "S": field "Next" leads to the state "T", which does not exist`},
		{"Catch to nowhere", one(`{` + okTask + `, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "T"}]}`), `the state "T", which does not exist`},
		{"Default to nowhere", `{"StartAt": "S", "States": {"S": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "E"}], "Default": "T"}, "E": {"Type": "Succeed"}}}`, `the state "T", which does not exist`},
		{"unreachable", `{"StartAt": "S", "States": {"S": {"Type": "Succeed"}, "T": {"Type": "Succeed"}}}`, `the state "T", to which no other state leads`},
		{"Next of Succeed", one(`{"Type": "Succeed", "Next": "S"}`), `state "S": field "Next" is not implemented here`},
		{"CausePath", one(`{"Type": "Fail", "CausePath": "$.a"}`), `state "S": field "CausePath" is not implemented here`},
		{"Assign", one(`{"Type": "Pass", "Assign": {}, "End": true}`), `field "Assign" is not implemented here`},

		{"HeartbeatSeconds", one(`{` + okTask + `, "HeartbeatSeconds": 3}`), `state "S": field "HeartbeatSeconds" is not implemented here`},
		{"other resource", one(`{"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"FunctionName": "f", "Payload": {}}, "End": true}`), `field "Resource" is "arn:aws:states:::sqs:sendMessage", only`},
		{"no parameters", one(`{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true}`), `field "Parameters" is missing`},
		{"no payload", one(`{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}, "End": true}`), `field "Parameters.Payload" is missing`},
		{"invocation type", one(`{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f", "Payload": {}, "InvocationType": "Event"}, "End": true}`), `field "Parameters.InvocationType" is not implemented here`},
		{"placeholder", one(`{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "${F}", "Payload": {}}, "End": true}`), `the placeholder was not substituted`},
		{"timeout of 0", one(`{` + okTask + `, "TimeoutSeconds": 0}`), `"TimeoutSeconds" is 0, not within 1`},
		{"timeout of 1.5", one(`{` + okTask + `, "TimeoutSeconds": 1.5}`), `not a whole number`},

		{"path without dollar", one(`{"Type": "Pass", "InputPath": "a", "End": true}`), `"a" is not a path`},
		{"wildcard", one(`{"Type": "Pass", "InputPath": "$.a[*]", "End": true}`), `only names and indexes are implemented here`},
		{"filter", one(`{"Type": "Pass", "Parameters": {"a.$": "$.a[?(@.b==1)]"}, "End": true}`), `field "Parameters.a.$" is wrong`},
		{"descent", one(`{"Type": "Pass", "InputPath": "$..a", "End": true}`), `only names and indexes`},
		{"intrinsic function", one(`{"Type": "Pass", "Parameters": {"a.$": "States.Format('{}', $.a)"}, "End": true}`), `intrinsic functions are not implemented here`},
		{"path is no string", one(`{"Type": "Pass", "Parameters": {"a.$": 1}, "End": true}`), `field "Parameters.a.$" is not a path`},
		{"name given twice", one(`{"Type": "Pass", "Parameters": {"a.$": "$", "a": 1}, "End": true}`), `is given twice`},
		{"context object", one(`{"Type": "Pass", "Parameters": {"a.$": "$$.State.EnteredTime"}, "End": true}`), `of the context object only`},
		{"context of another name", one(`{"Type": "Pass", "Parameters": {"a.$": "$$.Execution.Named"}, "End": true}`), `of the context object only`},
		{"item outside of ItemSelector", one(`{"Type": "Pass", "Parameters": {"a.$": "$$.Map.Item.Value"}, "End": true}`), `of the context object only`},
		{"ResultPath with index", one(`{"Type": "Pass", "ResultPath": "$.a[0]", "End": true}`), `indexes are not implemented here`},
		{"ResultPath into the context", one(`{"Type": "Pass", "ResultPath": "$$.Execution.Input", "End": true}`), `the context object cannot be written`},

		{"ALL beside others", one(`{` + okTask + `, "Retry": [{"ErrorEquals": ["States.ALL", "X"]}]}`), `state "S": Retry[0]: field "ErrorEquals" has "States.ALL"`},
		{"ALL before others", one(`{` + okTask + `, "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["X"]}]}`), `it must stand alone, and last`},
		{"Runtime", one(`{` + okTask + `, "Retry": [{"ErrorEquals": ["States.Runtime"]}]}`), `can be neither retried nor caught`},
		{"no errors", one(`{` + okTask + `, "Retry": [{"ErrorEquals": []}]}`), `Retry[0]: field "ErrorEquals" is not an array of one or more strings`},
		{"backoff below 1", one(`{` + okTask + `, "Retry": [{"ErrorEquals": ["X"], "BackoffRate": 0.5}]}`), `"BackoffRate" is 0.5`},
		{"jitter", one(`{` + okTask + `, "Retry": [{"ErrorEquals": ["X"], "JitterStrategy": "HALF"}]}`), `"HALF", neither`},
		{"delay not above interval", one(`{` + okTask + `, "Retry": [{"ErrorEquals": ["X"], "IntervalSeconds": 5, "MaxDelaySeconds": 5}]}`), `not greater than IntervalSeconds`},
		{"field of a retrier", one(`{` + okTask + `, "Retry": [{"ErrorEquals": ["X"], "Delay": 5}]}`), `Retry[0]: field "Delay" is not implemented here`},
		{"field of a catcher", one(`{` + okTask + `, "Catch": [{"ErrorEquals": ["X"], "Next": "S", "Output": 5}]}`), `Catch[0]: field "Output" is not implemented here`},

		{"no rules", one(`{"Type": "Choice", "Choices": []}`), `field "Choices" has no rule`},
		{"And", one(`{"Type": "Choice", "Choices": [{"And": [], "Next": "S"}]}`), `Choices[0]: field "And" is not implemented here`},
		{"two comparisons", one(`{"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "IsPresent": true, "Next": "S"}]}`), `a rule has one comparison`},
		{"type of comparison", one(`{"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": "1", "Next": "S"}]}`), `"NumericEquals" is of the wrong type`},
		{"comparison", one(`{"Type": "Choice", "Choices": [{"Variable": "$.a", "StringMatches": "1", "Next": "S"}]}`), `field "StringMatches" is not implemented here`},

		{"ItemBatcher", one(`{` + okMap + `, "ItemBatcher": {}}`), `state "S": field "ItemBatcher" is not implemented here`},
		{"ResultWriter", one(`{` + okMap + `, "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "p"}, "WriterConfig": {}}}`), `field "WriterConfig" is not implemented here`},
		{"ToleratedFailurePercentagePath", one(`{` + okMap + `, "ToleratedFailurePercentagePath": "$.p"}`), `"ToleratedFailurePercentagePath" is not implemented here`},
		{"percentage", one(`{` + okMap + `, "ToleratedFailurePercentage": 101}`), `is 101, not within 0 to 100`},
		{"CSV", one(strings.Replace(`{`+okMap+`}`, `"JSON"`, `"CSV"`, 1)), `"CSV", only "JSON" is implemented here`},
		{"MaxItems", one(strings.Replace(`{`+okMap+`}`, `"InputType"`, `"MaxItems": 3, "InputType"`, 1)), `ReaderConfig: field "MaxItems" is not implemented here`},
		{"inline", one(strings.Replace(`{`+okMap+`}`, `DISTRIBUTED`, `INLINE`, 1)), `"INLINE", only "DISTRIBUTED" is implemented here`},
		{"express", one(strings.Replace(`{`+okMap+`}`, `STANDARD`, `EXPRESS`, 1)), `"EXPRESS", only "STANDARD" is implemented here`},
		{"map in map", one(strings.Replace(`{`+okMap+`}`, `{"Type": "Succeed"}`, `{`+okMap+`}`, 1)), `a Map in a Map is not implemented here`},
		{"inner fault", one(strings.Replace(`{`+okMap+`}`, `"Succeed"`, `"Succeed", "Next": "P"`, 1)), `state "P": field "Next" is not implemented here`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseMachine([]byte(test.definition))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("ParseMachine gave %v, want %q", err, test.want)
			}
		})
	}
}

func TestParseReportsAllFaults(t *testing.T) {
	_, err := ParseMachine([]byte(`{"StartAt": "A", "Extra": 1, "States": {
		"A": {"Type": "Pass", "Next": "B", "Wrong": 1}, "B": {"Type": "Pass"}}}`))
	want := `state "A": field "Wrong" is not implemented here
state "B": field "Next" is missing, and "End" is not true
state machine: field "Extra" is not implemented here`
	if err == nil || err.Error() != want {
		t.Errorf("ParseMachine gave\n%v\nwant\n%s", err, want)
	}
}

func TestSubstitute(t *testing.T) {
	got, err := Substitute(`{"a": "${A}-${B}-${A}"}`, map[string]string{"A": "1", "B": "x/y"})
	if err != nil || got != `{"a": "1-x/y-1"}` {
		t.Errorf("Substitute gave %s, %v", got, err)
	}
	_, err = Substitute(`${A} ${C}`, map[string]string{"A": `"`, "B": "2"})
	want := `substitute: no placeholder ${B} for a value; no value for the placeholder ${C}; the value "\"" of ${A} does not fit into a JSON string`
	if err == nil || err.Error() != want {
		t.Errorf("Substitute gave %v, want %s", err, want)
	}
}

// FuzzParseMachine holds that no definition makes the parser panic, and that what it
// accepts it also runs without one.
func FuzzParseMachine(f *testing.F) {
	f.Add(one(`{` + okTask + `, "Retry": [{"ErrorEquals": ["States.ALL"], "BackoffRate": 3}]}`))
	f.Add(one(`{` + okMap + `}`))
	f.Add(`{"StartAt": "C", "States": {"C": {"Type": "Choice", "Choices": [{"Variable": "$.v[0]", "NumericEquals": 1, "Next": "Y"}]}, "Y": {"Type": "Fail"}}}`)
	f.Fuzz(func(t *testing.T, definition string) {
		m, err := ParseMachine([]byte(definition))
		if err != nil {
			return
		}
		env := Environment{Invoker: echo, ReadObject: objects(map[string]string{"k": `[1]`}), Sleep: (&sleeper{}).sleep}
		_, _ = m.Run(t.Context(), env, "run", []byte(`{"v":[1]}`)) // any outcome, no panic
	})
}
