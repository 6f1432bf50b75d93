package tree

import "container/heap"

// queue is a heap of leaves, the highest gain first, ties by node.
type queue []*leaf

func (q *queue) push(l *leaf) { heap.Push(heaped{q}, l) }
func (q *queue) pop() *leaf   { return heap.Pop(heaped{q}).(*leaf) }

// heaped is a queue as container/heap wants it.
type heaped struct{ *queue }

func (h heaped) Len() int      { return len(*h.queue) }
func (h heaped) Swap(i, j int) { q := *h.queue; q[i], q[j] = q[j], q[i] }
func (h heaped) Less(i, j int) bool {
	a, b := (*h.queue)[i], (*h.queue)[j]
	if a.split.gain() != b.split.gain() {
		return a.split.gain() > b.split.gain()
	}
	return a.node < b.node
}
func (h heaped) Push(x any) { *h.queue = append(*h.queue, x.(*leaf)) }
func (h heaped) Pop() any {
	q := *h.queue
	last := q[len(q)-1]
	*h.queue = q[:len(q)-1]
	return last
}
