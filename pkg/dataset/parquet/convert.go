package parquet

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// converted is the values of a page or a dictionary, nulls left out: numbers, or texts of
// which nil means "no value". faults are by index.
type converted struct {
	numbers []float64
	texts   [][]byte
	faults  map[int]error
}

func (c *converted) fail(i int, err error) {
	if c.faults == nil {
		c.faults = map[int]error{}
	}
	c.faults[i] = err
}

var (
	errBeyond = errors.New("the integer is beyond 2^53 and would lose digits; declare the column's type text")
	errNoText = errors.New("the bytes are no UTF-8 text; leave the column out by naming the columns to read")
)

// convert makes of the file's values what the column's type asks for.
func (c *column) convert(v encoding.Values, missing map[string]bool) (out converted) {
	if c.form == dataset.Text {
		c.strings(v, missing, &out)
		if t := c.field.Type; t != "" && !t.Coded() {
			out.numbers = make([]float64, len(out.texts))
			for i, text := range out.texts {
				out.numbers[i] = math.NaN()
				if text == nil {
					continue
				}
				n, err := dataset.ParseValue(t, string(text))
				if err != nil {
					out.fail(i, err)
				}
				out.numbers[i] = n
			}
			out.texts = nil
		}
		return out
	}
	c.values(v, &out)
	switch t := c.field.Type; {
	case t.Coded():
		whole := v.Kind() == encoding.Int64 && c.form == dataset.Numeric && c.typ != "decimal"
		column := dataset.Column{Type: c.form, Values: out.numbers}
		out.texts = make([][]byte, len(out.numbers))
		for i, n := range out.numbers {
			switch {
			case whole && c.typ == "uint":
				out.texts[i] = strconv.AppendUint(nil, uint64(v.Int64()[i]), 10)
			case whole:
				out.texts[i] = strconv.AppendInt(nil, v.Int64()[i], 10)
			case !math.IsNaN(n):
				out.texts[i] = []byte(column.Text(i))
			}
		}
		out.numbers = nil
	case t == dataset.Boolean:
		for i, n := range out.numbers {
			if n != 0 && n != 1 && !math.IsNaN(n) {
				out.fail(i, fmt.Errorf("%v is not true or false", n))
			}
		}
	}
	return out
}

// strings makes texts of the values: trimmed, and nil if they mean "no value".
func (c *column) strings(v encoding.Values, missing map[string]bool, out *converted) {
	add := func(b []byte) {
		b = bytes.TrimSpace(b)
		switch {
		case missing[string(b)]:
			b = nil
		case !utf8.Valid(b):
			out.fail(len(out.texts), errNoText)
		}
		out.texts = append(out.texts, b)
	}
	switch c.kind {
	case parquet.ByteArray:
		data, offsets := v.ByteArray()
		for i := 1; i < len(offsets); i++ {
			add(data[offsets[i-1]:offsets[i]])
		}
	case parquet.FixedLenByteArray:
		data, size := v.FixedLenByteArray()
		for ; size > 0 && len(data) >= size; data = data[size:] {
			b := data[:size]
			if c.typ == "uuid" && size == 16 {
				h := hex.EncodeToString(b)
				b = []byte(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:])
			}
			add(b)
		}
	case parquet.Int32:
		for _, n := range v.Int32() {
			add(c.timeOfDay(int64(n)))
		}
	case parquet.Int64:
		for _, n := range v.Int64() {
			add(c.timeOfDay(n))
		}
	}
}

// timeOfDay is a time in ISO 8601.
func (c *column) timeOfDay(n int64) []byte {
	perSecond := int64(time.Second / c.unit)
	return time.Unix(n/perSecond, n%perSecond*int64(c.unit)).UTC().AppendFormat(nil, "15:04:05.999999999")
}

// values makes numbers of the values.
func (c *column) values(v encoding.Values, out *converted) {
	switch c.kind {
	case parquet.Boolean:
		for _, b := range v.Boolean() { // eight each; the last may be more than there are
			for bit := range 8 {
				out.numbers = append(out.numbers, float64(b>>bit&1))
			}
		}
	case parquet.Int32:
		out.numbers = make([]float64, 0, len(v.Int32()))
		for _, n := range v.Int32() {
			whole := int64(n)
			if c.typ == "uint" {
				whole = int64(uint32(n))
			}
			c.integer(whole, out)
		}
	case parquet.Int64:
		out.numbers = make([]float64, 0, len(v.Int64()))
		for _, n := range v.Int64() {
			c.integer(n, out)
		}
	case parquet.Float:
		out.numbers = make([]float64, 0, len(v.Float()))
		for _, n := range v.Float() {
			out.numbers = append(out.numbers, float64(n))
		}
	case parquet.Double:
		out.numbers = v.Double()
	case parquet.Int96:
		for _, n := range v.Int96() {
			nanos := int64(uint64(n[1])<<32 | uint64(n[0]))
			days := int64(n[2]) - 2440588 // the Julian day of 1970-01-01
			c.moment(days*86400e6+floorDiv(nanos, 1000), out)
		}
	case parquet.ByteArray:
		data, offsets := v.ByteArray()
		for i := 1; i < len(offsets); i++ {
			c.bytesNumber(data[offsets[i-1]:offsets[i]], out)
		}
	case parquet.FixedLenByteArray:
		data, size := v.FixedLenByteArray()
		for ; size > 0 && len(data) >= size; data = data[size:] {
			c.bytesNumber(data[:size], out)
		}
	}
}

// integer adds an integer, a date, a timestamp or a decimal.
func (c *column) integer(n int64, out *converted) {
	switch c.typ {
	case "date":
		c.moment(n*86400e6, out)
	case "timestamp":
		switch {
		case c.unit == time.Millisecond && (n > 1e15 || n < -1e15):
			c.moment(math.MaxInt64, out)
		case c.unit == time.Millisecond:
			c.moment(n*1000, out)
		case c.unit == time.Nanosecond:
			c.moment(floorDiv(n, 1000), out)
		default:
			c.moment(n, out)
		}
	case "decimal":
		c.decimal(big.NewInt(n), out)
	case "uint":
		if !c.exact(n) && !c.field.Type.Coded() && !c.given {
			out.fail(len(out.numbers), errBeyond)
		}
		out.numbers = append(out.numbers, float64(uint64(n)))
	default:
		if !c.exact(n) && !c.field.Type.Coded() && !c.given {
			out.fail(len(out.numbers), errBeyond)
		}
		out.numbers = append(out.numbers, float64(n))
	}
}

// moment adds a timestamp of the years 0 to 9999, in microseconds.
func (c *column) moment(micros int64, out *converted) {
	if micros < -62167219200e6 || micros >= 253402300800e6 {
		out.fail(len(out.numbers), errors.New("the timestamp is outside of the years 0 to 9999"))
	}
	out.numbers = append(out.numbers, min(float64(micros), 253402300800e6-32))
}

// bytesNumber adds a decimal or a half-precision float.
func (c *column) bytesNumber(b []byte, out *converted) {
	if c.typ == "float16" && len(b) == 2 {
		out.numbers = append(out.numbers, half(uint16(b[0])|uint16(b[1])<<8))
		return
	}
	if len(b) > 64 {
		out.fail(len(out.numbers), fmt.Errorf("the decimal has %d bytes", len(b)))
		b = nil
	}
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	c.decimal(n, out)
}

// decimal adds n·10^-scale, rounded once.
func (c *column) decimal(n *big.Int, out *converted) {
	v := 0.0
	if n.IsInt64() && c.exact(n.Int64()) && c.scale <= 22 {
		v = float64(n.Int64()) / pow10[c.scale] // both exact
	} else {
		v, _ = strconv.ParseFloat(n.String()+"e-"+strconv.Itoa(c.scale), 64)
	}
	out.numbers = append(out.numbers, v)
}

var pow10 = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// half is an IEEE 754 binary16.
func half(b uint16) float64 {
	exponent, fraction := int(b>>10&31), float64(b&1023)
	v := 0.0
	switch exponent {
	case 0:
		v = math.Ldexp(fraction, -24)
	case 31:
		if v = math.Inf(1); fraction != 0 {
			return math.NaN()
		}
	default:
		v = math.Ldexp(1024+fraction, exponent-25)
	}
	if b>>15 == 1 {
		return -v
	}
	return v
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
