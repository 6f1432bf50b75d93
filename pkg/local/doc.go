// Package local is the cloud on one machine: the binaries that ship run as processes, with
// the limits that they have on AWS, and everything between them is real enough that what
// works here works there.
//
// The opinion: a laptop should not run another program than the cloud does. So there is no
// in-process shortcut and no container engine. A function is the shipped bootstrap, which
// talks to a Runtime API (runtime*.go); it finds S3 (s3.go), Lambda (invoke.go), Step
// Functions (states*.go, executions*.go) and the EventBridge Scheduler (schedule*.go) at
// the endpoints that the AWS SDK reads from its environment, and is called through a front
// that speaks API Gateway's proxy events (api*.go). Start (cloud.go) wires them; a Runtime
// or a Machine can also be used alone.
//
// Enforced, as on AWS:
//   - the timeout, memory and concurrency of each function in pkg/topology, its 10 s of
//     init, and 6 MiB of payload each way; what breaks a limit fails with Lambda's own
//     error type, and a process that timed out, grew too large or ended is replaced;
//   - SIGTERM half a second before SIGKILL, for a process that registered an extension;
//   - one invocation at a time per process, which stays warm for the next;
//   - the environment of a function: the variables that Lambda and the stack would set, and
//     nothing of yours;
//   - the routes of the API, 29 s of patience, and the form of its errors;
//   - conditional writes, presigned requests and checksums of S3;
//   - the fields of a workflow: one that is not implemented is refused.
//
// Not enforced: permissions (every function may do everything that the local credentials
// may), signatures other than those of S3, the CPU share of a process beyond GOMAXPROCS, the
// size of temporary storage, the file system around a process (a function could read the
// developer's home, and the AWS SDK reads ~/.aws if there is one), the freeze of an idle
// environment between invocations, and account-wide quotas. Memory is polled, so a process
// can be over its limit for some milliseconds, and is not limited where it cannot be read:
// Warnings says so. Of S3, notifications (but of
// new objects, to the functions that topology says), lifecycle rules and ${filename} in a presigned
// POST are missing, and a key cannot also be the folder of another.
//
// All sockets are on 127.0.0.1. Everything lies in Config.Dir; Close leaves it there, and
// the next Start finds it.
package local
