package sketch

import "math"

// coins are the random bits of one operation on a sketch: splitmix64 (Steele, Lea and Flood,
// OOPSLA 2014) over the sketch's seed, how many values it holds, and some of the values that
// are added. So they are the same on every machine, a sketch that was stored and read goes on
// as it would have without, and sketches of one seed over different data do not toss alike.
type coins uint64

const golden = 0x9e3779b97f4a7c15

func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// with makes the coins depend on values.
func (c coins) with(values ...float64) coins {
	for _, v := range values {
		c = coins(mix(uint64(c)+golden) ^ math.Float64bits(v))
	}
	return c
}

// below returns a number from 0 to n-1, uniform if n is a power of 2.
func (c *coins) below(n int) int {
	*c += golden
	return int(mix(uint64(*c)) & uint64(n-1))
}
