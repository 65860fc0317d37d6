package cache

import "unsafe"

// A Memo remembers what was worked out for a text, as far as its budget goes.
type Memo[V any] struct{ store *store[V] }

// NewMemo returns a memo that holds about size bytes.
func NewMemo[V any](size int64) (*Memo[V], error) {
	s, err := newStore(size, func(*entry[V]) {})
	if err != nil {
		return nil, err
	}
	return &Memo[V]{s}, nil
}

// Get returns what is remembered for text. It does not allocate.
func (m *Memo[V]) Get(text []byte) (V, bool) {
	// The string lives no longer than the call and nobody keeps it.
	return m.store.get(unsafe.String(unsafe.SliceData(text), len(text))) //nolint:gosec // see above
}

// Set remembers value, which holds cost bytes, for text. It may take a moment
// until Get finds it.
func (m *Memo[V]) Set(text []byte, value V, cost int64) {
	m.store.set(newEntry(string(text), value, cost, nil))
}

// Close frees what is remembered.
func (m *Memo[V]) Close() { m.store.close() }

// Settle waits until every Set so far can be found or was refused.
func (m *Memo[V]) Settle() { m.store.settle() }

// Bytes returns how much is held now.
func (m *Memo[V]) Bytes() int64 { return m.store.bytes.Load() }
