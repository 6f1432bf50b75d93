// Package monitoring says how the rows that a model is asked about differ from those that it was
// trained on, and how good its predictions were: it merges what instances captured in a day,
// compares it with the profile inside the artifact, and joins the outcomes that came with the
// predictions that they are about.
//
// The order of use: the scheduled function calls Monitor.Run, anybody Monitor.Day. A day may be
// looked at as often as one likes: the report of it is written anew until nothing more can come.
// It reads sketches, and so knows of no single row; what needs rows, such as scores, it has only
// where predictions are kept by their ids (capture.KeepPredictions).
package monitoring
