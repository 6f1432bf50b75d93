// Package batch predicts whole files: rows of CSV, JSON Lines or Parquet in, predictions in any of
// the three out, in the order of the rows and with columns of theirs beside them.
//
// Scan is one pass over a source with a bounded memory, which foretell predict does on a laptop.
// A batch of Jobs is the same over a data set in the bucket: plan → part, part, … → conclude, each
// a step of a workflow, each part a piece of the data with an object of predictions of its own.
// All that a batch knows lies in the bucket, so that a step may be done again, or twice at once,
// and a part that is finished is not redone.
//
// The opinion: a prediction does not depend on the way it was asked for. Values are read as the
// API reads those of a CSV body, and a prediction is written as the API writes it, so a batch gives
// the bits that the API gives; a test compares them. A value that does not fit its column is a
// fault of its row, of which max_errors may be left out of the predictions and listed beside them.
// The default is none, as a request to the API is right or wrong as a whole. What is no table (a
// row with too few values, a line that is no JSON) ends the part in any case: nobody knows what
// else is shifted.
package batch
