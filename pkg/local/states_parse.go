package local

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// state is one state, with the fields that several types share. Which fields a type may
// have is decided where it is parsed; those it may not have keep their neutral value.
type state struct {
	name       string
	input      selection
	parameters *template
	work       action
	selector   *template // ResultSelector
	result     selection // ResultPath
	output     selection
	retry      []retrier
	catch      []catcher
	timeout    time.Duration // of one attempt; 0: none
	next       string        // "" ends the machine
}

// parseStates takes StartAt and States of a machine or of an ItemProcessor.
func parseStates(f *fields, inMap bool) *Machine {
	m := &Machine{start: f.text("StartAt"), states: map[string]*state{}}
	all, ok := f.inner("States")
	if !ok {
		return m
	}
	for _, name := range slices.Sorted(maps.Keys(all.object)) {
		v, _ := all.take(name)
		object, isObject := v.(map[string]any)
		if !isObject || name == "" || len(name) > 80 {
			all.refuse(name, "is not a state: an object with a name of 1 to 80 characters")
			continue
		}
		where := "state " + quote(name)
		m.states[name] = parseState(newFields(object, where, f.faults), name, inMap)
	}
	if len(m.states) == 0 {
		f.refuse("States", "has no state")
	}
	m.checkTargets(f)
	return m
}

func quote(s string) string { return `"` + s + `"` }

func parseState(f *fields, name string, inMap bool) *state {
	whole := selection{path: path{text: "$"}}
	s := &state{name: name, input: whole, result: whole, output: whole}
	f.comment()
	kind := f.text("Type")
	if kind != "Fail" {
		s.input, s.output = f.selection("InputPath"), f.selection("OutputPath")
	}
	switch kind {
	case "Task":
		s.work = parseTask(f, s)
		s.parseRecovery(f)
		s.parseNext(f)
	case "Map":
		if inMap {
			f.refuse("Type", "is \"Map\": a Map in a Map is not implemented here")
		}
		s.work = parseMap(f, name)
		s.parseRecovery(f)
		s.parseNext(f)
	case "Pass":
		s.work = parsePass(f)
		s.parameters, s.result = f.template("Parameters", false), f.resultPath()
		s.parseNext(f)
	case "Choice":
		s.work = parseChoice(f)
	case "Succeed":
		s.work = pass{}
	case "Fail":
		s.work = parseFail(f)
	case "":
	default:
		f.refuse("Type", "is %q, which is not implemented here", kind)
		s.next, _ = f.optionalText("Next") // so that what follows counts as reached
		f.object = nil                     // its other fields are those of another type, no faults of their own
	}
	f.done()
	return s
}

// parseRecovery takes what Task and Map share: results, retries and catches.
func (s *state) parseRecovery(f *fields) {
	s.selector, s.result = f.template("ResultSelector", false), f.resultPath()
	s.retry, s.catch = parseRetry(f), parseCatch(f)
}

// parseNext takes Next or End: exactly one of them.
func (s *state) parseNext(f *fields) {
	next, hasNext := f.optionalText("Next")
	end := f.boolean("End")
	switch {
	case hasNext && f.has("End"):
		f.refuse("End", "and field \"Next\" are both there")
	case hasNext && next == "":
		f.refuse("Next", "is empty")
	case !hasNext && !end:
		f.refuse("Next", "is missing, and \"End\" is not true")
	}
	s.next = next
}

// targets are the names that a state may go to.
func (s *state) targets() []string {
	var out []string
	if s.next != "" {
		out = append(out, s.next)
	}
	for _, c := range s.catch {
		out = append(out, c.next)
	}
	if c, ok := s.work.(*choice); ok {
		out = append(out, c.targets()...)
	}
	return out
}

// checkTargets refuses targets that do not exist and states that nothing leads to.
func (m *Machine) checkTargets(f *fields) {
	if m.start != "" && m.states[m.start] == nil {
		f.refuse("StartAt", "names the state %q, which does not exist", m.start)
		return
	}
	reached := map[string]bool{m.start: true}
	for queue := []string{m.start}; len(queue) > 0; queue = queue[1:] {
		at := m.states[queue[0]]
		if at == nil {
			continue
		}
		for _, target := range at.targets() {
			if m.states[target] == nil && target != "" {
				newFields(nil, "state "+quote(at.name), f.faults).refuse("Next", "leads to the state %q, which does not exist", target)
			}
			if !reached[target] {
				reached[target] = true
				queue = append(queue, target)
			}
		}
	}
	for name := range m.states {
		if m.start != "" && !reached[name] {
			f.refuse("States", "has the state %q, to which no other state leads", name)
		}
	}
}

func parsePass(f *fields) action {
	v, ok := f.take("Result")
	return pass{result: v, has: ok}
}

func parseFail(f *fields) action {
	name, _ := f.optionalText("Error")
	cause, _ := f.optionalText("Cause")
	if name == errorRuntime || name == errorAll {
		f.refuse("Error", "is %q, which AWS keeps for itself", name)
	}
	return fail{name: name, cause: cause}
}

func parseTask(f *fields, s *state) action {
	resource := f.text("Resource")
	s.timeout = f.seconds("TimeoutSeconds", 1, 99_999_999, 0)
	switch resource {
	case "arn:aws:states:::ecs:runTask.sync":
		s.parameters = f.parameters("Cluster", "LaunchType", "NetworkConfiguration", "Overrides", "TaskDefinition")
		return container{}
	case "arn:aws:states:::lambda:invoke":
		s.parameters = f.parameters("FunctionName", "Payload")
	default:
		f.refuse("Resource", "is %q, only \"arn:aws:states:::lambda:invoke\" and \"arn:aws:states:::ecs:runTask.sync\" are implemented here", resource)
		f.take("Parameters") // of what, is not known
	}
	if s.parameters == nil {
		return task{}
	}
	if v, isText := s.parameters.object["FunctionName"].literal.(string); isText && strings.Contains(v, "${") {
		f.refuse("Parameters.FunctionName", "is %q: the placeholder was not substituted", v)
	}
	return task{}
}
