package parquet

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

var (
	errBeyond = errors.New("the integer is beyond 2^53 and would lose digits; declare the column's type text")
	errNoText = errors.New("the bytes are no UTF-8 text; leave the column out by naming the columns to read")
	errLong   = fmt.Errorf("a value is longer than %d bytes", maxText)
	errMoment = errors.New("the timestamp is outside of the years 0 to 9999")
)

// fault is the first value that cannot be what the column's type asks for.
type fault struct {
	at  int
	err error
}

func (f *fault) add(at int, err error) {
	if f.err == nil {
		f.at, f.err = at, err
	}
}

// numbers makes numbers of as many values as out has places; src holds them in PLAIN form,
// each of the column's width.
func (c *column) numbers(out []float64, src []byte, bad *fault) {
	switch c.physical {
	case boolean:
		for i, b := range src[:len(out)] {
			out[i] = float64(b)
		}
	case int32s:
		src = src[:4*len(out)]
		if c.typ == "" {
			for i := range out {
				out[i] = float64(int32(binary.LittleEndian.Uint32(src[4*i:])))
			}
			break
		}
		for i := range out {
			v := int64(int32(binary.LittleEndian.Uint32(src[4*i:])))
			if c.typ == "uint" {
				v = int64(uint32(v))
			}
			out[i] = c.integer(i, v, bad)
		}
	case int64s:
		src = src[:8*len(out)]
		if c.typ == "" {
			checked := !c.given && !c.field.Type.Coded()
			for i := range out {
				v := int64(binary.LittleEndian.Uint64(src[8*i:]))
				if checked && uint64(v+largestExact) > 2*largestExact {
					bad.add(i, errBeyond)
				}
				out[i] = float64(v)
			}
			break
		}
		for i := range out {
			out[i] = c.integer(i, int64(binary.LittleEndian.Uint64(src[8*i:])), bad)
		}
	case floats:
		src = src[:4*len(out)]
		for i := range out {
			out[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:])))
		}
	case doubles:
		src = src[:8*len(out)]
		for i := range out {
			out[i] = math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:]))
		}
	case int96s:
		for i := range out {
			nanos := int64(binary.LittleEndian.Uint64(src[12*i:]))
			days := int64(binary.LittleEndian.Uint32(src[12*i+8:])) - 2440588 // the Julian day of 1970-01-01
			out[i] = moment(i, days*86400e6+floorDiv(nanos, 1000), bad)
		}
	case fixedArrays:
		for i := range out {
			out[i] = c.bytesNumber(i, src[c.width*i:c.width*(i+1)], bad)
		}
	}
	if c.field.Type == dataset.Boolean && c.form == dataset.Numeric {
		for i, n := range out {
			if n != 0 && n != 1 && !math.IsNaN(n) {
				bad.add(i, fmt.Errorf("%v is not true or false", n))
			}
		}
	}
}

// integer is an integer, a date, a timestamp or a decimal.
func (c *column) integer(i int, n int64, bad *fault) float64 {
	switch c.typ {
	case "date":
		return moment(i, n*86400e6, bad)
	case "timestamp":
		switch {
		case c.unit == time.Millisecond && (n > 1e15 || n < -1e15):
			return moment(i, math.MaxInt64, bad)
		case c.unit == time.Millisecond:
			return moment(i, n*1000, bad)
		case c.unit == time.Nanosecond:
			return moment(i, floorDiv(n, 1000), bad)
		}
		return moment(i, n, bad)
	case "decimal":
		return c.decimal(big.NewInt(n))
	}
	if !c.exact(n) && !c.field.Type.Coded() && !c.given {
		bad.add(i, errBeyond)
	}
	if c.typ == "uint" {
		return float64(uint64(n))
	}
	return float64(n)
}

// moment is a timestamp of the years 0 to 9999, in microseconds.
func moment(i int, micros int64, bad *fault) float64 {
	if micros < -62167219200e6 || micros >= 253402300800e6 {
		bad.add(i, errMoment)
	}
	return min(float64(micros), 253402300800e6-32)
}

// bytesNumber is a decimal or a half-precision float.
func (c *column) bytesNumber(i int, b []byte, bad *fault) float64 {
	if c.typ == "float16" {
		return half(binary.LittleEndian.Uint16(b))
	}
	if len(b) > 64 {
		bad.add(i, fmt.Errorf("the decimal has %d bytes", len(b)))
		return 0
	}
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return c.decimal(n)
}

// decimal is n·10^-scale, rounded once.
func (c *column) decimal(n *big.Int) float64 {
	if n.IsInt64() && c.exact(n.Int64()) && c.scale <= 22 {
		return float64(n.Int64()) / pow10[c.scale] // both exact
	}
	v, _ := strconv.ParseFloat(n.String()+"e-"+strconv.Itoa(c.scale), 64)
	return v
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

// appendText writes the text of a value of PLAIN form: of a number with all of its digits,
// nothing for one that is missing.
func (c *column) appendText(b, src []byte, bad *fault) []byte {
	integer := int64(0)
	switch c.physical {
	case int32s:
		integer = int64(int32(binary.LittleEndian.Uint32(src)))
	case int64s:
		integer = int64(binary.LittleEndian.Uint64(src))
	}
	switch {
	case c.typ == "uuid":
		h := hex.EncodeToString(src)
		return append(b, h[:8]+"-"+h[8:12]+"-"+h[12:16]+"-"+h[16:20]+"-"+h[20:]...)
	case c.typ == "time":
		perSecond := int64(time.Second / c.unit)
		return time.Unix(integer/perSecond, integer%perSecond*int64(c.unit)).UTC().AppendFormat(b, "15:04:05.999999999")
	case c.form == dataset.Text:
		return append(b, src...)
	case c.typ == "uint" && c.physical == int64s:
		return strconv.AppendUint(b, uint64(integer), 10)
	case c.typ == "" && c.physical == int64s:
		return strconv.AppendInt(b, integer, 10)
	}
	var number [1]float64
	if c.physical == byteArrays {
		number[0] = c.bytesNumber(0, src, bad)
	} else {
		c.numbers(number[:], src, bad)
	}
	v := dataset.Column{Type: c.form, Values: number[:]}
	return append(b, v.Text(0)...)
}
