#include "textflag.h"

// func extentOfAVX2(values *float64, n int) (low, high float64, descents uint64)
//
// Y0 and Y1 are the least and greatest of each lane, Y2 has bits where a value is below the one
// before.
TEXT ·extentOfAVX2(SB), NOSPLIT, $0-40
	MOVQ values+0(FP), SI
	MOVQ n+8(FP), CX
	VBROADCASTSD (SI), Y0
	VMOVAPD Y0, Y1
	VPXOR Y2, Y2, Y2
	MOVQ $1, AX

extent:
	VMOVUPD (SI)(AX*8), Y3
	VCMPPD $1, -8(SI)(AX*8), Y3, Y4
	VMINPD Y3, Y0, Y0
	VMAXPD Y3, Y1, Y1
	VORPD Y4, Y2, Y2
	ADDQ $4, AX
	CMPQ AX, CX
	JLT  extent

	VEXTRACTF128 $1, Y0, X3
	VMINPD X3, X0, X0
	VPERMILPD $1, X0, X3
	VMINPD X3, X0, X0
	VMOVSD X0, low+16(FP)
	VEXTRACTF128 $1, Y1, X3
	VMAXPD X3, X1, X1
	VPERMILPD $1, X1, X3
	VMAXPD X3, X1, X1
	VMOVSD X1, high+24(FP)
	VMOVMSKPD Y2, AX
	MOVQ AX, descents+32(FP)
	VZEROUPPER
	RET

// func runEndsAVX2(values *float64, ends *uint64, sorted *float64, n int) int
//
// Y0 is zero, Y1 the places of four values, Y2 four, Y3 the values before them: those that differ from
// the next one are moved to the front, and are written together with others that are overwritten.
TEXT ·runEndsAVX2(SB), NOSPLIT, $0-40
	MOVQ values+0(FP), DI
	MOVQ ends+8(FP), DX
	MOVQ sorted+16(FP), SI
	MOVQ n+24(FP), CX
	LEAQ ·packed(SB), R8
	VPXOR Y0, Y0, Y0
	MOVQ $4, AX
	VMOVQ AX, X2
	VPBROADCASTQ X2, Y2
	VPMOVZXBQ places<>(SB), Y1
	XORQ BX, BX
	MOVQ $1, AX

runs:
	VMOVUPD -8(SI)(AX*8), Y3
	VCMPPD $4, (SI)(AX*8), Y3, Y4
	VMOVMSKPD Y4, R9
	MOVQ R9, R10
	SHLQ $5, R10
	VMOVDQU (R8)(R10*1), Y5
	VADDPD Y0, Y3, Y3
	VPERMD Y3, Y5, Y3
	VPERMD Y1, Y5, Y6
	VMOVUPD Y3, (DI)(BX*8)
	VMOVDQU Y6, (DX)(BX*8)
	POPCNTQ R9, R9
	ADDQ R9, BX
	VPADDQ Y2, Y1, Y1
	ADDQ $4, AX
	CMPQ AX, CX
	JLT  runs

	MOVQ BX, ret+32(FP)
	VZEROUPPER
	RET

DATA places<>+0(SB)/4, $0x04030201
GLOBL places<>(SB), RODATA|NOPTR, $4
