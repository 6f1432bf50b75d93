package parquet

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

const (
	maxPage       = 64 << 20 // bytes of a page, compressed or not
	maxPageValues = 4 << 20
	maxRatio      = 1 << 20 // values of a column for each byte that its chunk takes
)

// checkFooter refuses a footer that does not fit the file: chunks beyond its end, on top of
// each other (42.parquet tells the same bytes again and again), or of impossible counts.
func checkFooter(f *parquet.File, size int64) error {
	meta := f.Metadata()
	if len(meta.RowGroups) > maxGroups {
		return fmt.Errorf("%d row groups; at most %d are read", len(meta.RowGroups), maxGroups)
	}
	leaves := 0
	for _, e := range meta.Schema {
		if e.Type.Valid {
			leaves++
		}
	}
	if leaves > maxColumns {
		return fmt.Errorf("%d columns; at most %d are read", leaves, maxColumns)
	}
	type span struct{ start, end int64 }
	var spans []span
	rows := int64(0)
	for g, group := range meta.RowGroups {
		if group.NumRows < 0 || group.NumRows > 1<<40 {
			return fmt.Errorf("row group %d claims %d rows", g, group.NumRows)
		}
		rows += group.NumRows
		if len(group.Columns) != leaves {
			return fmt.Errorf("row group %d has %d columns, the schema %d", g, len(group.Columns), leaves)
		}
		for i := range group.Columns {
			if group.NumRows == 0 {
				break // nothing of it is read; pyarrow writes chunks that begin at 0
			}
			if group.Columns[i].FilePath != "" {
				return errors.New("the values lie in another file, which is not supported")
			}
			m := &group.Columns[i].MetaData
			start := chunkStart(m)
			end := start + m.TotalCompressedSize
			if m.NumValues < 0 || m.TotalCompressedSize < 0 || start < 4 || end < start || end > size-8 {
				return fmt.Errorf("row group %d, column %d: bytes %d to %d are not in the file of %d bytes", g, i, start, end, size)
			}
			if m.NumValues/maxRatio > m.TotalCompressedSize {
				return fmt.Errorf("row group %d, column %d: %d values in %d bytes", g, i, m.NumValues, m.TotalCompressedSize)
			}
			if end > start {
				spans = append(spans, span{start, end})
			}
		}
	}
	if rows != meta.NumRows {
		return fmt.Errorf("the footer claims %d rows, its row groups %d", meta.NumRows, rows)
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	for i := 1; i < len(spans); i++ {
		if spans[i].start < spans[i-1].end {
			return fmt.Errorf("column chunks overlap at byte %d", spans[i].start)
		}
	}
	return nil
}

func chunkStart(m *format.ColumnMetaData) int64 {
	if d := m.DictionaryPageOffset; d > 0 && d < m.DataPageOffset {
		return d
	}
	return m.DataPageOffset
}

// checkPages walks over the pages of a chunk before the library decodes them.
func checkPages(ctx context.Context, in io.ReaderAt, m *format.ColumnMetaData, rows int64) error {
	start := chunkStart(m)
	body := bufio.NewReaderSize(io.NewSectionReader(in, start, m.TotalCompressedSize), 1<<20)
	var protocol thrift.CompactProtocol
	decoder := thrift.NewDecoder(protocol.NewReader(body))
	values := int64(0)
	var buffer []byte
	for values < rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		var h format.PageHeader
		if err := decoder.Decode(&h); err != nil {
			return fmt.Errorf("%d values are there, %d claimed: page header: %w", values, rows, err)
		}
		count, levels := int64(0), int64(0) // levels of a page of version 2 are not compressed
		compressed := m.Codec != format.Uncompressed
		switch {
		case h.DataPageHeader.Valid:
			count = int64(h.DataPageHeader.V.NumValues)
			values += count
		case h.DataPageHeaderV2.Valid:
			v2 := &h.DataPageHeaderV2.V
			count = int64(v2.NumValues)
			values += count
			levels = int64(v2.DefinitionLevelsByteLength) + int64(v2.RepetitionLevelsByteLength)
			if v2.IsCompressed.Valid && !v2.IsCompressed.V {
				compressed = false
			}
			if v2.DefinitionLevelsByteLength < 0 || v2.RepetitionLevelsByteLength < 0 || levels > int64(h.CompressedPageSize) {
				return errors.New("a page's levels are longer than the page")
			}
		case h.DictionaryPageHeader.Valid:
			count = int64(h.DictionaryPageHeader.V.NumValues)
		}
		if count < 0 || count > maxPageValues || values > rows {
			return fmt.Errorf("a page claims %d values; the column has %d, and at most %d are read from a page", count, rows, maxPageValues)
		}
		if n := h.CompressedPageSize; n < 0 || n > maxPage || int64(n) > m.TotalCompressedSize {
			return fmt.Errorf("a page claims %d compressed bytes; at most %d are read", n, maxPage)
		}
		if n := h.UncompressedPageSize; n < 0 || n > maxPage {
			return fmt.Errorf("a page claims %d bytes; at most %d are read", n, maxPage)
		}
		if !compressed {
			if _, err := body.Discard(int(h.CompressedPageSize)); err != nil {
				return fmt.Errorf("page: %w", err)
			}
			continue
		}
		buffer = slices.Grow(buffer[:0], int(h.CompressedPageSize))[:h.CompressedPageSize]
		if _, err := io.ReadFull(body, buffer); err != nil {
			return fmt.Errorf("page: %w", err)
		}
		if err := checkSize(m.Codec, buffer[levels:], int64(h.UncompressedPageSize)-levels); err != nil {
			return err
		}
	}
	return nil
}

// checkSize refuses a page that decompresses to more than it claims. The library would hold
// all of it before it looked.
func checkSize(codec format.CompressionCodec, data []byte, claimed int64) error {
	if len(data) == 0 {
		return nil
	}
	var n int64
	var in io.Reader
	switch codec {
	case format.Snappy:
		size, err := snappy.DecodedLen(data)
		if err != nil {
			return err
		}
		n = int64(size)
	case format.Gzip:
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return err
		}
		in = r
	case format.Zstd:
		r, err := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*maxPage))
		if err != nil {
			return err
		}
		defer r.Close()
		in = r
	case format.Brotli:
		in = brotli.NewReader(bytes.NewReader(data))
	case format.Lz4Raw:
		// The library tries ever larger buffers, without end, if the page is malformed.
		if _, err := lz4.UncompressBlock(data, make([]byte, claimed)); err != nil {
			return fmt.Errorf("decompress a page to the %d bytes that it claims: %w", claimed, err)
		}
		return nil
	default:
		return fmt.Errorf("compression %s is not supported; write the file with snappy, gzip, zstd, brotli or lz4_raw", codec)
	}
	if in != nil {
		var err error
		if n, err = io.Copy(io.Discard, io.LimitReader(in, claimed+1)); err != nil {
			return fmt.Errorf("decompress a page: %w", err)
		}
	}
	if n > claimed {
		return fmt.Errorf("a page of %d bytes, as it claims, decompresses to more", claimed)
	}
	return nil
}
