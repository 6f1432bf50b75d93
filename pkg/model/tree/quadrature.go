package tree

import "math"

// quadrature is Gauss's rule on [0, 1]: Σ weights·f(t) is the integral of f, exactly for
// polynomials of degree below twice the number of points.
type quadrature struct {
	t, weights []float64
	u, inverse []float64 // 1−t, and its inverse
}

// newQuadrature finds the roots of Legendre's polynomial by Newton's method (Press et al.,
// Numerical Recipes, 4.6).
func newQuadrature(points int) *quadrature {
	r := &quadrature{make([]float64, points), make([]float64, points), make([]float64, points), make([]float64, points)}
	for i := range points {
		x := math.Cos(math.Pi * (float64(i) + 0.75) / (float64(points) + 0.5))
		slope := 0.0
		for range 100 {
			var value float64
			value, slope = legendre(points, x)
			step := value / slope
			x -= step
			if math.Abs(step) < 1e-16 {
				break
			}
		}
		_, slope = legendre(points, x)
		r.t[i], r.u[i] = (1-x)/2, (1+x)/2
		r.inverse[i] = 1 / r.u[i]
		r.weights[i] = 1 / float64((1-x)*(1+x)) / float64(slope*slope)
	}
	return r
}

// legendre is Legendre's polynomial of the degree, and its derivative, inside (-1, 1).
func legendre(degree int, x float64) (value, slope float64) {
	before, value := 0.0, 1.0
	for k := range degree {
		n := float64(k)
		before, value = value, (float64(float64((2*n+1)*x)*value)-float64(n*before))/(n+1)
	}
	return value, float64(degree) * (float64(x*value) - before) / float64((x-1)*(x+1))
}
