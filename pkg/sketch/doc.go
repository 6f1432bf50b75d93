// Package sketch summarizes streams of values in bounded memory: Quantiles (KLL), Distinct
// (HyperLogLog), and Texts and Numbers (values with their counts: exact up to a number of
// distinct values, Misra and Gries's frequent items beyond). All of them merge, and are
// stored in the binary form of Apache DataSketches, which Python, Java, C++ and Go read.
//
// Its opinion: a sketch says how far off it may be, and is exact for as long as it can be.
// It takes values in bulk, because a sorted run of thousands is summarized at a fraction of
// the cost of its values one by one: sort a block with SortFloats, give the run to Quantiles
// and Numbers.
//
// A sketch without values is the identity of Merge on both sides, whatever its parameter:
// merged into an empty one, the other is taken over as it is. Distinct merges in any order to
// the same state; Texts and Numbers do while they are exact; Quantiles, and Texts and Numbers
// beyond, stay inside the stated error in any order.
//
// UnmarshalBinary is strict: what it accepts is a sketch that can be used, merged and written
// again, and it allocates no more than a small multiple of its input (for Distinct, the
// registers, at most 2 MiB). What it refuses leaves the sketch as it was.
//
// No method may run beside one that changes the same sketch.
package sketch
