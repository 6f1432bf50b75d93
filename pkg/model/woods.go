package model

import (
	"sync"

	"github.com/foretell-ml/foretell/pkg/model/tree"
	"github.com/foretell-ml/foretell/pkg/model/tree/walk"
)

// woods are the trees of a model with what training knew of them. Those of an artifact stay as they lie
// there until somebody wants their nodes, and they are laid out for predicting when the model first predicts:
// most models of a function only predict, and many of a search are only explained, stored or thrown
// away. They must be complete by then.
type woods struct {
	mu     sync.Mutex
	stored *tree.Stored // nil for what was fitted, or if the nodes are there
	forest tree.Forest  // by trees
	known  tree.Record  // by record

	once sync.Once
	laid *walk.Trees
}

// trees are the nodes.
func (w *woods) trees() *tree.Forest {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stored != nil {
		w.forest, w.known, w.stored = w.stored.Forest(), w.stored.Record(), nil // the artifact's bytes may go
	}
	return &w.forest
}

// record is what training knew of the nodes.
func (w *woods) record() *tree.Record {
	w.trees()
	return &w.known
}

// count is the number of trees.
func (w *woods) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stored != nil {
		return w.stored.Trees()
	}
	return w.forest.Trees()
}

// walks are the trees laid out.
func (w *woods) walks() *walk.Trees {
	w.once.Do(func() {
		w.mu.Lock()
		stored := w.stored
		w.mu.Unlock()
		if stored == nil {
			stored = w.forest.Store()
		}
		w.laid = walk.New(stored)
	})
	return w.laid
}
