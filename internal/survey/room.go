package survey

import (
	"fmt"
	"sync"
)

// What one command keeps of what servers send, over all of them: so many objects, and so many bytes of names, cells and facts.
const (
	maxItems = 100_000
	maxBytes = 32 << 20
)

// The errors if there is more.
var (
	errTooMany  = fmt.Errorf("there are more than %d objects, and the rest is left out; choose with --server or -n", maxItems)
	errTooLarge = fmt.Errorf("the objects take more than %d MiB, and the rest is left out; choose with --server or -n", maxBytes>>20)
)

// room counts what is kept. Several goroutines may use it.
type room struct {
	mu           sync.Mutex
	items, bytes int
}

// take counts an item. The error means that there is no room for it.
func (r *room) take(i Item) error { return r.add(1, i.size) }

// give gives back what an item took.
func (r *room) give(i Item) { _ = r.add(-1, -i.size) }

// put puts an item into a map, in place of an earlier state of the object. That stays if there is no room.
func (r *room) put(held map[string]Item, i Item) error {
	items, bytes := 1, i.size
	if was, there := held[i.id()]; there {
		items, bytes = 0, i.size-was.size
	}
	err := r.add(items, bytes)
	if err == nil {
		held[i.id()] = i
	}
	return err
}

func (r *room) add(items, bytes int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case items > 0 && r.items+items > maxItems:
		return errTooMany
	case bytes > 0 && r.bytes+bytes > maxBytes:
		return errTooLarge
	}
	r.items, r.bytes = r.items+items, r.bytes+bytes
	return nil
}
