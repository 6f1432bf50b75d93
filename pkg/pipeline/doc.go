// Package pipeline is the thing that Foretell makes: from a row of the user's table to a
// prediction, with everything that this takes in one file. A Pipeline is the schema of its
// inputs, the encoders and the models fitted on them, what calibrates their mean, the profile
// of the data they saw, and golden rows with the predictions they must give.
//
// One model is an ensemble of one: there is no other form of either. Models that suit each
// other may want their columns in different forms, so each member has an encoder, shared where
// the forms are equal.
//
// Order of use: NewTarget → Fit or FitMembers → Predict; Join makes one pipeline of the folds';
// Finish, Encode and Decode store it as one safetensors
// file, the artifact. Decode checks the golden rows: an artifact that no longer predicts
// what it predicted when it was made is refused.
package pipeline
