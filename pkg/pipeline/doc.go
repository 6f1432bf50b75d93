// Package pipeline is the thing that Foretell makes: from a row of the user's table to a
// prediction, with everything that this takes in one file. A Pipeline is the schema of its
// inputs, the encoder and the model fitted on them, the profile of the data they saw, and
// golden rows with the predictions they must give.
//
// Order of use: NewTarget → Fit → Predict; Encode and Decode store it as one safetensors
// file, the artifact. Decode checks the golden rows: an artifact that no longer predicts
// what it predicted when it was made is refused.
package pipeline
