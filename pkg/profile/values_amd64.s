#include "textflag.h"

// func foldValuesAVX2(hashes *uint64, values *float64, n int) (missing int)
//
// Y0 is zero, Y1 the key of a missing value, Y2 and Y3 the lower and upper halves of the factor of
// fold, Y4 how many are missing in each lane. A product of 64 bits is made from those of halves.
TEXT ·foldValuesAVX2(SB), NOSPLIT, $0-32
	MOVQ hashes+0(FP), DI
	MOVQ values+8(FP), SI
	MOVQ n+16(FP), CX
	VPXOR Y0, Y0, Y0
	MOVQ $0xc2b2ae3d27d4eb4f, AX
	VMOVQ AX, X1
	VPBROADCASTQ X1, Y1
	MOVQ $0xff51afd7ed558ccd, AX
	VMOVQ AX, X2
	VPBROADCASTQ X2, Y2
	VPSRLQ $32, Y2, Y3
	VPXOR Y4, Y4, Y4
	XORQ AX, AX

fold:
	VMOVUPD (SI)(AX*8), Y5
	VCMPPD $3, Y5, Y5, Y6 // is it NaN?
	VADDPD Y0, Y5, Y5
	VPSUBQ Y6, Y4, Y4
	VBLENDVPD Y6, Y1, Y5, Y5
	VPXOR (DI)(AX*8), Y5, Y5
	VPSRLQ $32, Y5, Y7
	VPMULUDQ Y2, Y7, Y7
	VPMULUDQ Y3, Y5, Y8
	VPMULUDQ Y2, Y5, Y5
	VPADDQ Y7, Y8, Y7
	VPSLLQ $32, Y7, Y7
	VPADDQ Y7, Y5, Y5
	VPSRLQ $31, Y5, Y7
	VPXOR Y7, Y5, Y5
	VMOVDQU Y5, (DI)(AX*8)
	ADDQ $4, AX
	CMPQ AX, CX
	JLT  fold

	VEXTRACTI128 $1, Y4, X5
	VPADDQ X5, X4, X4
	VPSHUFD $0x4e, X4, X5
	VPADDQ X5, X4, X4
	VMOVQ X4, AX
	MOVQ AX, missing+24(FP)
	VZEROUPPER
	RET

// func takeFiniteAVX2(to, values *float64, n int) int
//
// The difference of a finite value and itself is zero, of any other it is NaN.
TEXT ·takeFiniteAVX2(SB), NOSPLIT, $0-32
	MOVQ to+0(FP), DI
	MOVQ values+8(FP), SI
	MOVQ n+16(FP), CX
	VPXOR Y0, Y0, Y0
	XORQ AX, AX

take:
	VMOVUPD (SI)(AX*8), Y1
	VSUBPD Y1, Y1, Y2
	VADDPD Y0, Y1, Y1
	VPTEST Y2, Y2
	JNZ  taken
	VMOVUPD Y1, (DI)(AX*8)
	ADDQ $4, AX
	CMPQ AX, CX
	JLT  take

taken:
	MOVQ AX, ret+24(FP)
	VZEROUPPER
	RET

// func addLanesAVX2(lanes *[sumLanes]float64, values *float64, n int)
TEXT ·addLanesAVX2(SB), NOSPLIT, $0-24
	MOVQ lanes+0(FP), DI
	MOVQ values+8(FP), SI
	MOVQ n+16(FP), CX
	VMOVUPD (DI), Y0
	VMOVUPD 32(DI), Y1
	XORQ AX, AX

sum:
	VADDPD (SI)(AX*8), Y0, Y0
	VADDPD 32(SI)(AX*8), Y1, Y1
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  sum

	VMOVUPD Y0, (DI)
	VMOVUPD Y1, 32(DI)
	VZEROUPPER
	RET

// func blockPowersAVX2(b *blockPowers, x *float64, center float64)
//
// Y0 is the center, Y1 … Y5 are the sums, Y6 four deviations, Y7 those before each of them. Nothing
// is fused, as in Go.
TEXT ·blockPowersAVX2(SB), NOSPLIT, $0-24
	MOVQ b+0(FP), DI
	MOVQ x+8(FP), SI
	VBROADCASTSD center+16(FP), Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	XORQ AX, AX

block:
	VMOVUPD (SI)(AX*8), Y6
	VMOVUPD -8(SI)(AX*8), Y7
	VSUBPD Y0, Y6, Y6
	VSUBPD Y0, Y7, Y7
	VMULPD Y6, Y6, Y8
	VMULPD Y6, Y7, Y7
	VADDPD Y6, Y1, Y1
	VMULPD Y6, Y8, Y9
	VMULPD Y8, Y8, Y10
	VADDPD Y8, Y2, Y2
	VADDPD Y7, Y5, Y5
	VADDPD Y9, Y3, Y3
	VADDPD Y10, Y4, Y4
	ADDQ $4, AX
	CMPQ AX, $64
	JLT  block

	VMOVUPD Y1, (DI)
	VMOVUPD Y2, 32(DI)
	VMOVUPD Y3, 64(DI)
	VMOVUPD Y4, 96(DI)
	VMOVUPD Y5, 128(DI)
	VZEROUPPER
	RET

// func wholeInAVX2(values *float64, counts *uint64, n int) uint64
TEXT ·wholeInAVX2(SB), NOSPLIT, $0-32
	MOVQ values+0(FP), SI
	MOVQ counts+8(FP), DI
	MOVQ n+16(FP), CX
	VPXOR Y0, Y0, Y0
	XORQ AX, AX

whole:
	VMOVUPD (SI)(AX*8), Y1
	VROUNDPD $3, Y1, Y2 // towards zero
	VCMPPD $0, Y1, Y2, Y1
	VANDPD (DI)(AX*8), Y1, Y1
	VPADDQ Y1, Y0, Y0
	ADDQ $4, AX
	CMPQ AX, CX
	JLT  whole

	VEXTRACTI128 $1, Y0, X1
	VPADDQ X1, X0, X0
	VPSHUFD $0x4e, X0, X1
	VPADDQ X1, X0, X0
	VMOVQ X0, AX
	MOVQ AX, ret+24(FP)
	VZEROUPPER
	RET
