#include "textflag.h"

// func splitLinesAVX2(data *byte, from, to int, comma, quote byte, bounds, feeds *uint32) (values, lines int, high uint32)
//
// Y0 … Y4 hold the delimiter, LF, quote, CR and NUL in every byte, Y5 and Y6 the 64 bytes looked at,
// Y7 all bytes so far in one, for their highest bits. R8 has a bit of each byte that ends a value, R9
// of each LF. Carried from one 64 bytes to the next are R12, all ones within quotes, and R13, which
// is 1 if the last byte was a closing quote and 2 if it was a CR.
TEXT ·splitLinesAVX2(SB), NOSPLIT, $0-68
	MOVQ data+0(FP), SI
	MOVQ from+8(FP), CX
	MOVQ bounds+32(FP), DI
	MOVQ feeds+40(FP), DX
	VPBROADCASTB comma+24(FP), Y0
	VPBROADCASTB quote+25(FP), Y2
	MOVL $0x0a0a0a0a, AX
	VMOVD AX, X1
	VPBROADCASTD X1, Y1
	MOVL $0x0d0d0d0d, AX
	VMOVD AX, X3
	VPBROADCASTD X3, Y3
	VPXOR Y4, Y4, Y4
	VPXOR Y7, Y7, Y7
	XORQ R12, R12
	XORQ R13, R13
	MOVL CX, (DI) // where the first value begins

next:
	LEAQ 64(CX), AX
	CMPQ AX, to+16(FP)
	JGT  done
	VMOVDQU (SI)(CX*1), Y5
	VMOVDQU 32(SI)(CX*1), Y6
	VPOR Y5, Y7, Y7
	VPOR Y6, Y7, Y7
	VPCMPEQB Y1, Y5, Y8
	VPCMPEQB Y1, Y6, Y9
	VPMOVMSKB Y8, R9
	VPMOVMSKB Y9, AX
	SHLQ $32, AX
	ORQ  AX, R9
	VPCMPEQB Y0, Y5, Y10
	VPCMPEQB Y0, Y6, Y11
	VPOR Y8, Y10, Y8
	VPOR Y9, Y11, Y9
	VPMOVMSKB Y8, R8
	VPMOVMSKB Y9, AX
	SHLQ $32, AX
	ORQ  AX, R8

	// Is there anything but plain bytes and ends of values?
	VPCMPEQB Y2, Y5, Y8
	VPCMPEQB Y2, Y6, Y9
	VPCMPEQB Y3, Y5, Y10
	VPCMPEQB Y3, Y6, Y11
	VPCMPEQB Y4, Y5, Y12
	VPCMPEQB Y4, Y6, Y13
	VPOR Y8, Y10, Y14
	VPOR Y9, Y11, Y15
	VPOR Y12, Y14, Y14
	VPOR Y13, Y15, Y15
	VPOR Y14, Y15, Y14
	VPMOVMSKB Y14, AX
	ORQ  R12, AX
	ORQ  R13, AX
	JNZ  careful

	// Twelve ends at a time, whether or not there are as many: what is written too much is
	// overwritten. An end is written together with the beginning of the next value.
	POPCNTQ R8, BX
	MOVQ R8, R10
	LEAQ (DI)(BX*8), R11 // behind the values that end here

#define END(at) \
	TZCNTQ R10, AX \
	BLSRQ R10, R10 \
	ADDL CX, AX \
	MOVL AX, (at+4)(DI) \
	INCL AX \
	MOVL AX, (at+8)(DI)

	END(0)
	END(8)
	END(16)
	END(24)
	END(32)
	END(40)
	END(48)
	END(56)
	END(64)
	END(72)
	END(80)
	END(88)
	ADDQ $96, DI
	CMPQ DI, R11
	JLT  more

written:
	MOVQ R11, DI

line:
	TESTQ R9, R9
	JZ   last
	TZCNTQ R9, AX
	BLSRQ R9, R9
	ADDL CX, AX
	MOVL AX, (DX)
	ADDQ $4, DX
	JMP  line

last:
	ADDQ $64, CX
	JMP  next

more:
	END(0)
	END(8)
	END(16)
	END(24)
	ADDQ $32, DI
	CMPQ DI, R11
	JLT  more
	JMP  written

careful:
	VPMOVMSKB Y12, AX
	VPMOVMSKB Y13, BX
	ORL  BX, AX
	JNZ  done // NUL

	// Each CR has an LF behind it.
	VPMOVMSKB Y10, R10
	VPMOVMSKB Y11, AX
	SHLQ $32, AX
	ORQ  AX, R10
	MOVQ R13, R11
	SHRQ $1, R11
	LEAQ (R11)(R10*2), AX
	ANDNQ AX, R9, AX
	JNZ  done

	// R11: within quotes, with those that open and without those that close: each bit is the
	// parity of the quotes up to it.
	VPMOVMSKB Y8, BX
	VPMOVMSKB Y9, AX
	SHLQ $32, AX
	ORQ  AX, BX
	VMOVQ BX, X8
	VPCMPEQB X9, X9, X9
	VPCLMULQDQ $0, X9, X8, X8
	VMOVQ X8, R11
	XORQ R12, R11

	// No line ends in there, and no delimiter that counts.
	MOVQ R9, AX
	ORQ  R10, AX
	TESTQ R11, AX
	JNZ  done
	ANDNQ R8, R11, R8

	// Quotes open where a value begins.
	LEAQ (R8)(R8*1), AX
	CMPL CX, (DI)
	JNE  middle
	ORQ  $1, AX

middle:
	MOVQ R11, R15
	ANDQ BX, R15
	ANDNQ R15, AX, R15
	JNZ  done

	// They close where one ends.
	ANDNQ BX, R11, R15
	MOVQ R13, AX
	ANDQ $1, AX
	LEAQ (AX)(R15*2), AX
	ANDNQ AX, R8, AX
	JNZ  done

	MOVQ R11, R12
	SARQ $63, R12
	SHRQ $63, R15
	SHRQ $63, R10
	LEAQ (R15)(R10*2), R13
	MOVBLZX quote+25(FP), R11

end:
	TESTQ R8, R8
	JZ   line
	TZCNTQ R8, AX
	BLSRQ R8, R8
	ADDL CX, AX
	MOVL (DI), BX // where the value begins
	XORL R10, R10
	MOVBLZX (SI)(BX*1), R15
	CMPL R15, R11
	SETEQ R10 // 1 if it is in quotes, which are not of it
	ADDL R10, BX
	MOVL BX, (DI)
	MOVL AX, BX
	SUBL R10, BX
	MOVL BX, 4(DI)
	INCL AX
	MOVL AX, 8(DI)
	ADDQ $8, DI
	JMP  end

done:
	SUBQ bounds+32(FP), DI
	SHRQ $3, DI
	MOVQ DI, values+48(FP)
	SUBQ feeds+40(FP), DX
	SHRQ $2, DX
	MOVQ DX, lines+56(FP)
	VPMOVMSKB Y7, AX
	MOVL AX, high+64(FP)
	VZEROUPPER
	RET
