// Package tree is the engine under every learner of trees: it bins columns, grows trees on
// gradients and hessians of their rows, and keeps them flat.
//
// Order of use: NewTable bins the columns once → NewGrower → Grow for each tree, after Sample
// if the tree is to see some rows or columns only → Forest, which predicts and is stored.
// What the gradients are of, how much of a tree counts and when to stop is the learner's.
//
// The opinion: sums decide which split is best, so they are exact. Gradients are integers,
// few bits of each where rows are many, and their sums come out the same in any order: a tree
// is the same to the bit on any number of workers and on any machine. Values of leaves come
// from the gradients themselves. docs/numerics.md says what that costs.
package tree
