package model

import (
	"context"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// pieceRows is how many rows a worker predicts at a time. A request of fewer waits for nobody.
const pieceRows = 512

// inPieces predicts pieces of the rows on all cores, by a model whose predictRows writes the
// outputs of rows begin … end-1 to dst.
func inPieces(m interface {
	Outputs() int
	predictRows(dst []float64, columns [][]float64, begin, end int)
}, dst []float64, x *dataset.Matrix) {
	if x.Rows <= pieceRows {
		m.predictRows(dst, x.Columns, 0, x.Rows)
		return
	}
	outputs := m.Outputs()
	// Neither the pieces nor the context can fail.
	_ = par.For(context.Background(), (x.Rows+pieceRows-1)/pieceRows, 0, func(i int) error {
		begin, end := i*pieceRows, min(x.Rows, (i+1)*pieceRows)
		m.predictRows(dst[begin*outputs:end*outputs], x.Columns, begin, end)
		return nil
	})
}
