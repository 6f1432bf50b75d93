package dataset

import (
	"context"
	"io"
)

// Source is a data set that can be read, as often as one likes: CSV or JSONLines. Package
// source makes one from what a user names.
type Source interface {
	// Header returns the columns in order, with their types where the format or the options
	// know them and "" where a type has to be inferred. It reads as little as it can.
	Header(ctx context.Context, o Options) ([]Field, error)
	// Scan reads all rows once and hands them to the consumer. Text that is not a table is a
	// *ParseError, a declaration about a column that is not there a *ColumnError.
	Scan(ctx context.Context, o Options, to Consumer) (Extent, error)
	// Parts are the files that it reads, in order.
	Parts() []Part
}

// Consumer takes the rows of a data set in blocks. A block is a run of consecutive rows
// whose borders depend on the data and the options alone, never on the number of workers, so
// that whoever keeps a state per block and reduces the states in order gets the same result
// on every machine.
type Consumer interface {
	// Begin is called once, before any block, with the columns that were asked for. Type is
	// "" where it has to be inferred.
	Begin(columns []Field) error
	// Block returns where the rows of the next block go. It is called in the order of the
	// blocks, never concurrently.
	Block() Sink
	// End takes a block whose rows have all been added, in the order of the blocks, never
	// concurrently with itself. Blocks may be read side by side in between.
	End(Sink) error
}

// Expecter is a Consumer that wants to know in advance how many rows there are, to make room
// for them.
type Expecter interface {
	// Expect is called before End, as often as there is a better guess. It may be wrong by any
	// factor.
	Expect(rows int)
}

// Placer is a Consumer that may have places for numbers, moments and booleans where they are to stay.
// A source that knows how many rows there are asks for them, and writes values there rather than to
// have each copied twice.
type Placer interface {
	Expecter
	// Place returns the places of so many rows of a column from row start on, counted from the
	// first row of the data set; nil if it has none. It is called behind an Expect that is exact,
	// by the goroutine that is about to write them, and by several side by side. What is written
	// there is handed on all the same, as a BatchColumn that is Placed.
	Place(column, start, rows int) []float64
}

// Sink takes the rows of one block, in order, from one goroutine at a time. If it is an
// io.Closer too, it is closed behind the last rows, on the goroutine that added them: work
// that is done there is not done in End, where all blocks wait for each other.
type Sink interface {
	// Add takes the next rows. The batch and all that it points to are only valid until Add
	// returns.
	Add(*Batch) error
}

// CloseSink is what whoever adds rows to a sink calls behind the last ones.
func CloseSink(s Sink) error {
	if c, ok := s.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Batch is some consecutive rows of one part, column by column.
type Batch struct {
	Rows    int
	Columns []BatchColumn // those of Consumer.Begin
	// Part is the index of the part in Source.Parts. Start is where the first row begins in
	// it and End where the row after the last one does: bytes of text formats, rows of
	// others. A batch whose Start is another's End follows it directly.
	Part       int
	Start, End int64
	// Numbers is how the texts of Levels write numbers.
	Numbers NumberForm
	// Keys are one uniformly distributed number per row, made from part and position: what a
	// sample is drawn by. They are nil unless Options.Sample asks for one.
	Keys []uint64
}

// BatchColumn is the values of one column in a batch, in one of two forms. The form of an
// undeclared column is chosen for each batch: Values if every value in the batch is a number
// or every one is a timestamp, else Codes.
type BatchColumn struct {
	// Type is Numeric, Boolean or Timestamp if Values holds the values, as Column.Values
	// does; Text if Codes index Levels. Of a declared column it is the declared type, of
	// which Categorical too has Codes.
	Type   Type
	Values []float64 // NaN is missing
	Codes  []int32   // -1 is missing
	// Levels are the distinct texts of the batch in order of appearance: trimmed, not
	// missing, valid UTF-8. They may be numbers: in a column where others are not.
	Levels [][]byte
	Hashes []uint64 // xxhash (64 bits, seed 0) of each level; nil if the reader has none
	Placed bool     // Values lie where the consumer's Place said: they stay there, for good
}

// Extent says what a Scan has read.
type Extent struct {
	Rows   int
	Digest Digest // of the content; of Parquet, of the chosen columns; "" of a range
	// Sums are what the Digest of texts is made of: of each part the SHA-256 of its pieces, in
	// order. Those of the shards of a data set, joined, give its digest by DigestOfPieces.
	Sums [][][]byte

	// Of a Range; Join puts them together.

	// Range is what was read, End no further than the file's. nil: all of the source.
	Range *Range `json:",omitempty"`
	// First is where the first record that begins in the range was taken to begin, or the
	// next one if none does. Last is where the one begins that follows the range's.
	First, Last int64 `json:",omitempty"`
	Size        int64 `json:",omitempty"` // of the file, in bytes
	// Absent are the columns that were declared and are in none of the rows of JSON Lines.
	Absent []string `json:",omitempty"`
}

// DigestPiece is the length in bytes of the pieces whose digests make the digest of a part:
// that of a shorter part is its SHA-256.
const DigestPiece = 8 << 20
