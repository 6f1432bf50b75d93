// Package dataset holds tables of typed columns: what every other room of Foretell works on.
//
// Order of use: a Source (CSV, JSONLines) is made of the parts of a data set, by package source
// or of what Files finds, Read reads it into a Table, InferTask says what its target column asks for. A served request is built
// row by row with Schema.Builder, and a file to be predicted is brought into the shape of
// a model by Table.Conform. Table.Safetensors stores a table as typed columns.
//
// The opinion: a value is either missing, written in one of a few documented forms, or an
// error with its row and column. Nothing is guessed from a sample: a column's type is
// inferred from all of its values, so it does not depend on the order of rows, on how rows
// are split into parts, or on where a chunk ended. Text is UTF-8 without surrounding white
// space, whether quoted or not and whether it came as CSV or as JSON, so that the same row
// gives the same prediction on every way in.
//
// The package does not know what a column means: that a number is an identifier, or a
// category an order, is declared by the user (Options.Types) or decided in pkg/feature.
package dataset
