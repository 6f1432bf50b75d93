//go:build !amd64

package model

func differences(dst []float64, near []uint32, queries, values []float64, worst *[lanesQ]float64) {
	differencesGo(dst, near, queries, values, worst)
}
