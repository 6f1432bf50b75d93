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
// X0 … X5 hold '0', 9, '.' and the three multipliers, X6 the text and the bytes before it, X8 its
// digits. AX is where the point is of sixteen, 16 if there is none, R14 how many digits and points
// there are, R15 is 1 if the number is negative.
TEXT ·parseNumbersAVX(SB), NOSPLIT, $0-64
	MOVQ values+0(FP), DI
	MOVQ i+8(FP), CX
	MOVQ data+24(FP), SI
	MOVQ length+32(FP), R8
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
	VPSHUFD $0, X0, X0
	MOVL $0x09090909, AX
	VMOVD AX, X1
	VPSHUFD $0, X1, X1
	MOVL $0x2e2e2e2e, AX
	VMOVD AX, X2
	VPSHUFD $0, X2, X2
	VBROADCASTSS tens<>+0(SB), X3
	VBROADCASTSS tens<>+4(SB), X4
	VBROADCASTSS tens<>+8(SB), X5
	VPXOR X11, X11, X11

next:
	CMPQ CX, n+16(FP)
	JGE  done
	MOVL (BX), AX
	MOVL 4(BX), R13
	CMPQ R13, R8
	JGT  done
	CMPQ R13, $16
	JLT  done
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
	JMP  next

done:
	MOVQ CX, ret+56(FP)
	RET
