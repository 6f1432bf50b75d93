// Package capture keeps what a function that may end at any time has seen: each instance folds the
// rows of its requests, and what was predicted of them, into sketches (profile.Partial), and writes
// them to predictions/<model>/<day>/<instance>-<n>.json.gz, which package monitoring merges.
//
// The order of use: Observe after each answer, Begin before the next one, Close at the end. What is
// kept in memory is bounded, and so is what is written; a write that fails is logged and counted,
// and fails no answer. Of rows nothing is kept but what the sketches of their columns hold, unless
// Keep says otherwise; of free text nothing at all. Rows that are kept go to rows/<model>/<day>/,
// which other roles may read than sketches. It knows nothing of scores and drift: the
// predict function, which links it, has to start fast.
package capture
