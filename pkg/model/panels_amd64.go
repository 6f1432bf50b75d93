package model

import "golang.org/x/sys/cpu"

// differences is differencesGo, by AVX where there is: multiplied and then added, as two
// instructions, so that nothing is fused and the bits are the same.
func differences(dst []float64, near []uint32, queries, values []float64, worst *[lanesQ]float64) {
	if !cpu.X86.HasAVX {
		differencesGo(dst, near, queries, values, worst)
		return
	}
	differencesAVX(&dst[0], &near[0], &queries[0], &values[0], worst, len(queries)/lanesQ, len(near))
}

//go:noescape
func differencesAVX(dst *float64, near *uint32, queries, values *float64, worst *[lanesQ]float64, columns, groups int)
