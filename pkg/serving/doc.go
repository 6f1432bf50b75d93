// Package serving answers predictions over HTTP: request → rows → pipeline → response. It is
// all that functions/predict is made of, so it imports neither search nor training.
//
// An alias is read from the store at each request (one small GET, a few milliseconds), so a
// promotion or a roll-back holds from the next request on, on every instance. The pipeline
// behind it is immutable and stays in memory under its digest.
//
// A request is right or wrong as a whole: either every row is predicted, or all faults are
// listed with their rows and columns and none is. What is odd but has a meaning (a category
// that training never saw counts as missing) is predicted, with a warning.
package serving
