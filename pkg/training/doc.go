// Package training makes models: a run goes from a config to a registered version with the
// evidence for it. The steps are functions of the store alone,
//
//	Submit → Plan → Trial (many, anywhere, in any order) → Advance → Conclude,
//
// and each is idempotent: what it writes is immutable and written last, so that a step that
// was killed, or delivered twice, is simply done again. In the cloud a state machine calls
// them (topology.Training); Run calls them in this process. The model is the same, byte for
// byte.
//
// A run is named by its content: the config and the versions of the files it reads. The
// same run submitted again is the same run, and finds its finished trials.
package training
