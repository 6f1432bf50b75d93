// Package serving answers predictions over HTTP: request → rows → pipeline → response. It is
// all that functions/predict is made of, so it imports neither search nor training.
//
// An alias is believed for a few seconds (Server.Fresh) and then asked for only if its ETag has
// changed, so that a warm request does nothing but predict, and a promotion holds everywhere within
// that time. An alias may have a canary, chosen by the key of a request, and a shadow, which is
// asked beside the answer and only compared. Pipelines are immutable and stay in memory under their
// digests.
//
// A request is right or wrong as a whole: either every row is predicted, or all faults are
// listed with their rows and columns and none is. What is odd but has a meaning (a category
// that training never saw counts as missing) is predicted, with a warning.
package serving
