package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Digest identifies the content of a data set: the lowercase hex digest of its one part, or,
// for several, the SHA-256 of their digests joined by newlines. The digest of a part is its
// SHA-256; that of a part longer than DigestPiece is made from the SHA-256 of its pieces of
// that length in the same way, so that pieces can be hashed side by side. Of a Parquet file,
// of which only some columns may be read, the pieces are what is: the footer, and the pages of
// each chosen column in each row group.
type Digest string

// DigestOf combines SHA-256 sums, in order: those of the pieces of a part, or of the parts.
func DigestOf(sums [][]byte) Digest { return Digest(hex.EncodeToString(combine(sums))) }

// DigestOfPieces is the digest of a data set: of each of its parts the SHA-256 sums of its
// pieces of DigestPiece bytes, in order.
func DigestOfPieces(parts [][][]byte) Digest {
	sums := make([][]byte, len(parts))
	for i, pieces := range parts {
		sums[i] = combine(pieces)
	}
	return DigestOf(sums)
}

func combine(sums [][]byte) []byte {
	if len(sums) == 1 {
		return sums[0]
	}
	names := make([]string, len(sums))
	for i, sum := range sums {
		names[i] = hex.EncodeToString(sum)
	}
	return sumOf([]byte(strings.Join(names, "\n")))
}

func sumOf(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

// hasher collects the sums of the pieces of parts.
type hasher struct {
	parts  [][][]byte // those of the parts that are complete
	pieces [][]byte   // of the current part
}

func (h *hasher) endPart() {
	if len(h.pieces) == 0 {
		none := sha256.Sum256(nil)
		h.pieces = [][]byte{none[:]}
	}
	h.parts = append(h.parts, h.pieces)
	h.pieces = nil
}
