// Package gateway is where HTTP begins and ends. Handlers are plain net/http; Handler runs
// them under API Gateway's proxy events, http.Server runs them anywhere else, and clients
// cannot tell the difference.
//
// Every error is an RFC 9457 application/problem+json of a type that never changes its
// meaning; docs/api.md lists them. A Problem is an error: code that knows HTTP returns one,
// code that does not returns its own errors, and WriteProblem turns the rest into
// internal-error, with the cause in the log and not in the answer.
//
// The package imports nothing else of Foretell.
package gateway
