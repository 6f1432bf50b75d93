#include "textflag.h"

// Sixteen bytes of 0 and sixteen of 0xff: from n on, the last n of sixteen bytes are kept.
DATA kept<>+0(SB)/8, $0
DATA kept<>+8(SB)/8, $0
DATA kept<>+16(SB)/8, $0xffffffffffffffff
DATA kept<>+24(SB)/8, $0xffffffffffffffff
GLOBL kept<>(SB), RODATA|NOPTR, $32

// Digits by 10 and 1, pairs of them by 100 and 1, fours by 10,000 and 1.
DATA tens<>+0(SB)/4, $0x010a010a
DATA tens<>+4(SB)/4, $0x00010064
DATA tens<>+8(SB)/4, $0x00012710
GLOBL tens<>(SB), RODATA|NOPTR, $12

// func parseNumbersAVX(values *float64, i, n int, data *byte, length int, bounds *uint32, stride int) int
//
// Y0 … Y5 hold '0', 9, '.' and the three multipliers, X14 a hundred million and X15 2^52 twice.
//
// Two numbers are taken together, side by side in the halves of Y6, the texts and the bytes before
// them, and Y8, their digits. R14 and R13 are how many digits and points they have, X12 and X13 their
// signs. One alone is taken where two cannot be decided: AX is where its point is of sixteen, 16 if
// there is none, R14 how many digits and points there are, R15 is 1 if the number is negative.
TEXT ·parseNumbersAVX(SB), NOSPLIT, $0-64
	MOVQ values+0(FP), DI
	MOVQ i+8(FP), CX
	MOVQ data+24(FP), SI
	MOVQ length+32(FP), R8
	SUBQ $16, R8
	JLT  done
	MOVQ bounds+40(FP), BX
	MOVQ stride+48(FP), R9
	SHLQ $2, R9
	MOVQ CX, AX
	IMULQ R9, AX
	ADDQ AX, BX
	LEAQ kept<>(SB), R10
	LEAQ ·withoutPoint(SB), R11
	LEAQ ·pointScale(SB), R12
	MOVL $0x30303030, AX
	VMOVD AX, X0
	VPBROADCASTD X0, Y0
	MOVL $0x09090909, AX
	VMOVD AX, X1
	VPBROADCASTD X1, Y1
	MOVL $0x2e2e2e2e, AX
	VMOVD AX, X2
	VPBROADCASTD X2, Y2
	VBROADCASTSS tens<>+0(SB), Y3
	VBROADCASTSS tens<>+4(SB), Y4
	VBROADCASTSS tens<>+8(SB), Y5
	VPXOR Y11, Y11, Y11
	MOVQ $100000000, AX
	VMOVQ AX, X14
	VPBROADCASTQ X14, X14
	MOVQ $0x4330000000000000, AX
	VMOVQ AX, X15
	VPBROADCASTQ X15, X15

two:
	LEAQ 2(CX), AX
	CMPQ AX, n+16(FP)
	JGT  one
	MOVL (BX), AX
	MOVL 4(BX), R13
	LEAQ -16(R13), DX
	CMPQ DX, R8
	JHI  one
	MOVQ R13, R14
	SUBQ AX, R14
	LEAQ -1(R14), DX
	CMPQ DX, $16
	JAE  one
	XORL DX, DX
	CMPB (SI)(AX*1), $0x2d
	SETEQ DX
	SUBQ DX, R14
	JEQ  one
	SHLQ $63, DX
	VMOVQ DX, X12
	VMOVDQU -16(SI)(R13*1), X6
	MOVL (BX)(R9*1), AX
	MOVL 4(BX)(R9*1), R15
	LEAQ -16(R15), DX
	CMPQ DX, R8
	JHI  one
	MOVQ R15, R13
	SUBQ AX, R13
	LEAQ -1(R13), DX
	CMPQ DX, $16
	JAE  one
	XORL DX, DX
	CMPB (SI)(AX*1), $0x2d
	SETEQ DX
	SUBQ DX, R13
	JEQ  one
	SHLQ $63, DX
	VMOVQ DX, X13
	VINSERTI128 $1, -16(SI)(R15*1), Y6, Y6
	VMOVDQU (R10)(R14*1), X7
	VINSERTI128 $1, (R10)(R13*1), Y7, Y7

	// Nothing but digits and points, and at the end a digit.
	VPSUBB Y0, Y6, Y8
	VPAND Y7, Y8, Y8
	VPMINUB Y1, Y8, Y9
	VPCMPEQB Y8, Y9, Y9
	VPMOVMSKB Y9, AX
	NOTL AX
	VPCMPEQB Y2, Y6, Y10
	VPAND Y7, Y10, Y10
	VPMOVMSKB Y10, DX
	CMPL AX, DX
	JNE  one
	TESTL $0x80008000, DX
	JNE  one

	// No zero before a digit at the beginning.
	VPCMPEQB Y11, Y8, Y9
	VPMOVMSKB Y9, AX
	MOVL DX, R15
	SHRL $1, R15
	ANDNL AX, R15, AX
	ANDL $0x7fff7fff, AX
	NEGL R13
	BTL  R13, AX
	JCS  one
	NEGL R14
	ADDL $16, R14
	BTL  R14, AX
	JCS  one

	// One point each, or none.
	MOVWLZX DX, AX
	SHRL $16, DX
	BLSRL AX, R13
	BLSRL DX, R14
	ORL  R13, R14
	JNE  one
	ORL  $0x10000, AX
	TZCNTL AX, AX
	ORL  $0x10000, DX
	TZCNTL DX, DX
	MOVL AX, R13
	SHLQ $4, R13
	MOVL DX, R14
	SHLQ $4, R14
	VMOVDQU (R11)(R13*1), X9
	VINSERTI128 $1, (R11)(R14*1), Y9, Y9
	VPSHUFB Y9, Y8, Y8
	VPMADDUBSW Y3, Y8, Y8
	VPMADDWD Y4, Y8, Y8
	VPACKUSDW Y8, Y8, Y8
	VPMADDWD Y5, Y8, Y8
	VEXTRACTI128 $1, Y8, X9
	VPUNPCKLQDQ X9, X8, X8
	VPMULUDQ X14, X8, X9
	VPSRLQ $32, X8, X8
	VPADDQ X8, X9, X9

	// Whole numbers below 2^52 are the last bits of what they are more than it.
	VPSRLQ $52, X9, X10
	VPTEST X10, X10
	JNE  one
	VPOR X15, X9, X9
	VSUBPD X15, X9, X9
	VMOVSD (R12)(AX*8), X10
	VMOVHPD (R12)(DX*8), X10, X10
	VDIVPD X10, X9, X9
	VPUNPCKLQDQ X13, X12, X12
	VORPD X12, X9, X9
	VMOVUPD X9, (DI)(CX*8)
	ADDQ $2, CX
	LEAQ (BX)(R9*2), BX
	JMP  two

one:
	CMPQ CX, n+16(FP)
	JGE  done
	MOVL (BX), AX
	MOVL 4(BX), R13
	LEAQ -16(R13), DX
	CMPQ DX, R8
	JHI  done
	MOVQ R13, R14
	SUBQ AX, R14
	LEAQ -1(R14), DX
	CMPQ DX, $16
	JAE  done
	VMOVDQU -16(SI)(R13*1), X6
	XORL R15, R15
	CMPB (SI)(AX*1), $0x2d
	SETEQ R15
	SUBQ R15, R14

	// Digits as numbers; what is not of the text is 0.
	VMOVDQU (R10)(R14*1), X7
	VPSUBB X0, X6, X8
	VPAND X7, X8, X8
	VPMINUB X1, X8, X9
	VPCMPEQB X8, X9, X9
	VPMOVMSKB X9, AX
	XORL $0xffff, AX
	VPCMPEQB X2, X6, X10
	VPAND X7, X10, X10
	VPMOVMSKB X10, R13
	CMPL AX, R13
	JNE  done // something other than digits and points
	LEAL -1(R13), DX
	TESTL DX, R13
	JNZ  done // two points
	XORL DX, DX
	TESTL R13, R13
	SETNE DX
	CMPL R14, DX
	JEQ  done // no digit

	// A zero before a digit at the beginning.
	VPCMPEQB X11, X8, X9
	VPMOVMSKB X9, DX
	SHRL $1, R13
	ANDNL DX, R13, DX
	ANDL $0x7fff, DX
	MOVL $16, R13
	SUBL R14, R13
	BTL  R13, DX
	JCS  done

	ORL  $0x10000, AX
	TZCNTL AX, AX
	MOVL AX, R13
	SHLQ $4, R13
	VPSHUFB (R11)(R13*1), X8, X8
	VPMADDUBSW X3, X8, X8
	VPMADDWD X4, X8, X8
	VPACKUSDW X8, X8, X8
	VPMADDWD X5, X8, X8
	VMOVQ X8, R13
	MOVL R13, R14 // the number that the first eight digits write
	SHRQ $32, R13 // and the last eight
	CMPL R14, $90071992
	JAE  done // not below 2^53
	IMULQ $100000000, R14
	ADDQ R13, R14
	VCVTSI2SDQ R14, X11, X9
	VDIVSD (R12)(AX*8), X9, X9
	SHLQ $63, R15
	VMOVQ R15, X10
	VORPD X10, X9, X9
	VMOVSD X9, (DI)(CX*8)
	INCQ CX
	ADDQ R9, BX
	JMP  two

done:
	VZEROUPPER
	MOVQ CX, ret+56(FP)
	RET
