package local

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// distributedMap runs a machine once for every element of a JSON array in S3. Every child
// is an execution of its own: it fails alone, and the Map fails only when more children
// failed than it tolerates; then those that still run are stopped.
//
// An empty array gives an empty result. A failed child leaves a record of its failure in
// its place of the result.
type distributedMap struct {
	label       string
	reader      *template // Bucket and Key
	writer      *template // Bucket and Prefix; nil: results are passed on
	selector    *template // nil: the item as it is
	processor   *Machine
	concurrency int // 0: no limit but AWS's own

	// Thresholds that the Map fails above; without either it tolerates nothing.
	hasCount, hasPercent bool
	count                int
	percent              float64 // of all items, 0 – 100
}

func parseMap(f *fields, name string) action {
	m := &distributedMap{label: name}
	if label, ok := f.optionalText("Label"); ok {
		if label == "" || len(label) > 40 {
			f.refuse("Label", "does not have 1 to 40 characters")
		}
		m.label = label
	}
	m.reader, m.writer = parseReader(f), parseWriter(f)
	m.selector = f.template("ItemSelector", true)
	m.concurrency = f.integer("MaxConcurrency", 0, maxChildren, 0)
	m.hasCount, m.hasPercent = f.has("ToleratedFailureCount"), f.has("ToleratedFailurePercentage")
	m.count = f.integer("ToleratedFailureCount", 0, 1<<31-1, 0)
	m.percent = f.number("ToleratedFailurePercentage", 0, 100, 0)
	if p, ok := f.inner("ItemProcessor"); ok {
		p.comment()
		if config, ok := p.inner("ProcessorConfig"); ok {
			config.only("Mode", "DISTRIBUTED")
			config.only("ExecutionType", "STANDARD")
			config.done()
		}
		m.processor = parseStates(p, true)
		p.done()
	}
	return m
}

// parseReader takes the ItemReader: a JSON array in one object of S3.
func parseReader(f *fields) *template {
	r, ok := f.inner("ItemReader")
	if !ok {
		return nil
	}
	defer r.done()
	r.only("Resource", "arn:aws:states:::s3:getObject")
	if config, ok := r.inner("ReaderConfig"); ok {
		config.only("InputType", "JSON")
		config.done()
	}
	return r.parameters("Bucket", "Key")
}

func (m *distributedMap) run(ctx context.Context, x *execution, input any) (any, error) {
	items, err := m.read(ctx, x, input)
	if err != nil {
		return nil, err
	}
	inputs, err := m.inputs(x, input, items)
	if err != nil {
		return nil, err
	}
	ended, err := m.children(ctx, x, inputs)
	if err != nil {
		return nil, err
	}
	written, err := m.write(ctx, x, input, inputs, ended)
	if err != nil {
		return nil, err
	}
	if m.exceeded(len(ended.failures), len(items)) {
		return nil, m.exceededFault(ended.failures, len(items))
	}
	if written != nil {
		return written, nil
	}
	return ended.results, checkSize(ended.results, "result of all items")
}

// read reads the array of items.
func (m *distributedMap) read(ctx context.Context, x *execution, input any) ([]any, error) {
	where, err := m.reader.fill(scope{input, x.context})
	if err != nil {
		return nil, err
	}
	bucket, key, ok := texts(where, "Bucket", "Key")
	if !ok {
		return nil, failure(errorItemReader, "Bucket and Key of the ItemReader are not strings")
	}
	data, err := x.env.ReadObject(ctx, bucket, key)
	if err != nil {
		return nil, failure(errorItemReader, "s3://%s/%s: %v", bucket, key, err)
	}
	v, err := decodeData(data)
	if err != nil {
		return nil, failure(errorItemReader, "s3://%s/%s is not JSON: %v", bucket, key, err)
	}
	items, ok := v.([]any)
	if !ok {
		return nil, failure(errorItemReader, "s3://%s/%s is not a JSON array", bucket, key)
	}
	return items, nil
}

// texts are two fields of an object that must be strings.
func texts(object any, first, second string) (a, b string, ok bool) {
	fields := object.(map[string]any) // a template of an object
	a, isText := fields[first].(string)
	b, ok = fields[second].(string)
	return a, b, ok && isText
}

// inputs makes the children's inputs, before any child starts: a selector that does not fit
// the items is the Map's error, not that of an item.
func (m *distributedMap) inputs(x *execution, input any, items []any) ([]any, error) {
	out := make([]any, len(items))
	for i, item := range items {
		out[i] = item
		if m.selector != nil {
			context := map[string]any{
				"Execution": x.context["Execution"],
				"Map":       map[string]any{"Item": map[string]any{"Index": number(i), "Value": item}},
			}
			v, err := m.selector.fill(scope{input, context})
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		if err := checkSize(out[i], fmt.Sprintf("item %d", i)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// outcome is what became of the items, in their order.
type outcome struct {
	results   []any
	succeeded []bool // those that neither succeeded nor failed were stopped, or never started
	failures  map[int]*ExecutionError
}

// children runs the processor on all inputs. It returns after the last child ended, and early
// when too many failed.
func (m *distributedMap) children(ctx context.Context, x *execution, inputs []any) (outcome, error) {
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := outcome{make([]any, len(inputs)), make([]bool, len(inputs)), map[int]*ExecutionError{}}
	var mutex sync.Mutex // guards failures and next
	next := 0
	take := func() (int, bool) {
		mutex.Lock()
		defer mutex.Unlock()
		if running.Err() != nil || next == len(inputs) {
			return 0, false
		}
		next++
		return next - 1, true
	}
	var workers sync.WaitGroup
	for range m.workers(x.env.MaxConcurrency, len(inputs)) {
		workers.Go(func() {
			for i, ok := take(); ok; i, ok = take() {
				name := m.childName(x, i)
				output, err := newExecution(x.env, m.processor, name, inputs[i], x.redrives).run(running, m.processor.start, inputs[i])
				if running.Err() != nil {
					return // stopped, by the caller or by other failures: no result
				}
				if err == nil {
					ended.results[i], ended.succeeded[i] = output, true
					continue
				}
				fault := asFault(err)
				ended.results[i] = failedChild(name, inputs[i], fault)
				mutex.Lock()
				ended.failures[i] = fault
				if m.exceeded(len(ended.failures), len(inputs)) {
					stop()
				}
				mutex.Unlock()
			}
		})
	}
	workers.Wait()
	if ctx.Err() != nil {
		return outcome{}, context.Cause(ctx)
	}
	return ended, nil
}

// childName names the execution of an item.
func (m *distributedMap) childName(x *execution, i int) string {
	return fmt.Sprintf("%s-%s-%d", x.name, m.label, i)
}

// workers is how many children run at once.
func (m *distributedMap) workers(ceiling, items int) int {
	n := maxChildren
	if m.concurrency > 0 {
		n = m.concurrency
	}
	if ceiling > 0 {
		n = min(n, ceiling)
	}
	return min(n, items)
}

func (m *distributedMap) exceeded(failed, items int) bool {
	if !m.hasCount && !m.hasPercent {
		return failed > 0
	}
	return m.hasCount && failed > m.count ||
		m.hasPercent && float64(failed)*100 > m.percent*float64(items)
}

// exceededFault says what failed, by the failure of the lowest item.
func (m *distributedMap) exceededFault(failures map[int]*ExecutionError, items int) error {
	first := slices.Min(slices.Collect(maps.Keys(failures)))
	return failure(errorToleranceExceeded, "the tolerated failure threshold was exceeded: %d of %d items failed before the rest was stopped; item %d: %v",
		len(failures), items, first, failures[first])
}

// failedChild is what the Map's result holds in the place of a failed child. AWS puts the
// child's whole record there; these are the fields of it that mean something here.
func failedChild(name string, input any, fault *ExecutionError) any {
	record := childRecord(name, "FAILED", input)
	record["Error"], record["Cause"] = fault.Name, fault.Cause
	return record
}

func childRecord(name, status string, input any) map[string]any {
	return map[string]any{"Name": name, "Status": status, "Input": text(input)}
}

// text is data as a string of JSON, as records hold it.
func text(data any) string {
	encoded, err := encodeData(data)
	if err != nil {
		return "" // it was decoded from JSON, so this cannot be
	}
	return string(encoded)
}
