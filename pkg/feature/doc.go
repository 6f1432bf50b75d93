// Package feature turns typed columns into the numbers that learners see. Fit looks at the
// training rows and gives two things: an Encoder, which is what was learned as data, and the
// training rows encoded. Encoder.Transform encodes any later rows, one or a million, each by
// itself.
//
// The opinion: the encoding of a training row must not know the row's own target. Where an
// encoding learns from the target (Means, Text), Fit encodes each part of the training rows
// by what it learned from the others, while Transform uses all of them. That is why Fit
// returns the training matrix: Transform of the training rows is another matrix, on which a
// learner would believe the encoding too much.
//
// Which encoding a column gets is decided by Plan from facts about the column and what the
// learner needs (Options), never from the learner's name, unless Options.Columns says it. The
// decision and its reason stand in the encoder (Column.Method, Column.Why).
//
// A model that only weighs encoded columns and adds them up needs no matrix: Encoder.Sums compiles
// both into sums of the table's own columns, with the same bits.
//
// Missing values and categories that were not seen in training are the same to an encoder,
// because serving turns the latter into the former: 0 in every column of a one-hot encoding,
// NaN as an index, the overall mean for Means, no word for Text. Numbers stay NaN, or become
// the median (booleans: the more frequent value) beside a column that says so.
//
// What it does not do: combine columns, other than the time between two timestamps. Columns
// without a value are left out, and the encoder says so in its Warnings.
package feature
