// Package workflow is what the workflows of topology have in common: how an execution that fails
// is recorded, how it goes on when it is redriven, and why children of its map failed.
//
// The opinion: what became of a run is told by the store, not by the history of an execution,
// which expires, which a laptop does not have, and which names a stack trace rather than a cause.
// So a workflow catches every failure of a state and sends it to its function as one last step:
//
//	Caught.Record → Failure at <prefix>failures/<n>.json → FailedError, which ends the execution
//
// That last step is a task, not a Fail state: Step Functions redrives an execution from the state
// that failed, and a Fail state would fail again. Done again by a redrive the step lets the
// workflow go on from its plan, where all that is finished is found in the store.
//
// It does not retry, and it does not decide what is tolerated: the files of topology say that.
package workflow
