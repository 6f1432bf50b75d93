//go:build !linux

package dataset

func touch[T any]([]T) {}

func enlarge([]byte) {}
