package profile

import "math"

// Upper tails of the distributions that measures of drift have when nothing drifted, and
// their inverses. A tail is accurate to 1e-10 of itself down to 1e-100, well below any level
// that a comparison uses.

// normalTails is the probability that a standard normal variable is at least |z| from 0.
func normalTails(z float64) float64 { return math.Erfc(math.Abs(z) / math.Sqrt2) }

// chiSquaredTail is the probability that a χ² variable of df degrees of freedom is at least
// x: the regularized upper incomplete gamma function of df/2 and x/2, by its series below the
// mean and by Lentz's continued fraction above (Abramowitz and Stegun, 6.5.29 and 6.5.31).
func chiSquaredTail(x float64, df int) float64 {
	a, x := float64(float64(df)/2), float64(x/2)
	if x <= 0 {
		return 1
	}
	if math.IsInf(x, 0) {
		return 0
	}
	gamma, _ := math.Lgamma(a)
	factor := math.Exp(float64(a*math.Log(x)) - x - gamma)
	if x < a+1 {
		term := 1 / a
		sum := term
		for n := a + 1; term > sum*0x1p-54; n++ {
			term = float64(term * (x / n))
			sum += term
		}
		return max(0, 1-float64(factor*sum))
	}
	const tiny = 1e-300
	b := x + 1 - a
	c, d := 1/tiny, 1/b
	fraction := d
	for n := 1.0; ; n++ {
		an := float64(n * (a - n))
		b += 2
		d = float64(an*d) + b
		if math.Abs(d) < tiny {
			d = tiny
		}
		c = b + an/c
		if math.Abs(c) < tiny {
			c = tiny
		}
		d = 1 / d
		step := float64(c * d)
		fraction *= step
		if math.Abs(step-1) < 0x1p-51 {
			return float64(factor * fraction)
		}
	}
}

// kolmogorovTail is the limit of P(√n·D ≥ x) for the greatest distance D between a
// distribution function and that of n values drawn from it (Kolmogorov 1933), by whichever
// of its two series converges within a few terms.
func kolmogorovTail(x float64) float64 {
	if x <= 0 {
		return 1
	}
	if x < 1 {
		sum, t := 0.0, float64(math.Pi*math.Pi)/float64(8*float64(x*x))
		for k := 1.0; k < 20; k += 2 {
			sum += math.Exp(-float64(float64(k*k) * t))
		}
		return 1 - float64(math.Sqrt(2*math.Pi)/x*sum)
	}
	sum, sign := 0.0, 1.0
	for k := 1.0; k < 10; k++ {
		sum += float64(sign * math.Exp(-2*float64(float64(k*k)*float64(x*x))))
		sign = -sign
	}
	return float64(2 * sum)
}

// critical is where a falling tail comes down to the probability p, from 0 to 1: the least x,
// to 1e-12 of itself, with tail(x) ≤ p.
func critical(p float64, tail func(x float64) float64) float64 {
	high := 1.0
	for tail(high) > p {
		high *= 2
	}
	low := 0.0
	for high-low > 1e-12*high {
		middle := (low + high) / 2
		if tail(middle) > p {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// exactTail is the probability that k or more of the m rows drawn without repeats from n+m
// are among the marked ones (hypergeometric; Fisher's exact test, one side). Its relative
// error is about (n+m)·1e-14.
func exactTail(k, m, marked, n int) float64 {
	lchoose := func(n, k int) float64 {
		a, _ := math.Lgamma(float64(n) + 1)
		b, _ := math.Lgamma(float64(k) + 1)
		c, _ := math.Lgamma(float64(n-k) + 1)
		return a - b - c
	}
	if k <= max(0, marked-n) {
		return 1
	}
	// Below the mean the first term may vanish: the other side is the short one.
	if float64(k)*float64(n+m) < float64(m)*float64(marked) {
		return 1 - exactTail(m-k+1, m, n+m-marked, n)
	}
	most := min(marked, m)
	if k > most {
		return 0
	}
	term := math.Exp(lchoose(marked, k) + lchoose(n+m-marked, m-k) - lchoose(n+m, m))
	sum := term
	for ; k < most && term > sum*0x1p-54; k++ {
		// From k to k+1: the ratio of neighbouring probabilities.
		term = float64(term * (float64(marked-k) / float64(k+1)) * (float64(m-k) / float64(n-marked+k+1)))
		sum += term
	}
	return min(1, sum)
}
