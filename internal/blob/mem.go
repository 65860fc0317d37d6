package blob

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// mem keeps objects in memory. The bytes of an object are never written to
// once it is in the map, so readers need no lock.
type mem struct {
	mu      sync.RWMutex
	objects map[string]memObject
}

type memObject struct {
	Info
	data []byte
}

// NewMem returns an empty store in memory, without a limit. An ETag is a hash
// of the bytes.
func NewMem() Store { return &mem{objects: map[string]memObject{}} }

func (m *mem) get(key string) (memObject, error) {
	if err := ValidKey(key); err != nil {
		return memObject{}, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	o, ok := m.objects[key]
	if !ok {
		return memObject{}, failure(fs.ErrNotExist)
	}
	return o, nil
}

func (m *mem) Open(_ context.Context, key string, r Range) (*Object, error) {
	o, err := m.get(key)
	if err != nil {
		return nil, err
	}
	return inMemory(o.Info, o.data, r)
}

func (m *mem) Stat(_ context.Context, key string) (Info, error) {
	o, err := m.get(key)
	return o.Info, err
}

func (m *mem) Put(_ context.Context, key string, body io.Reader, o PutOptions) (Info, error) {
	if err := ValidKey(key); err != nil {
		return Info{}, err
	}
	data, err := io.ReadAll(&upload{r: body, want: o.Size})
	if err != nil {
		return Info{}, err
	}
	info := Info{
		Key:         key,
		Size:        int64(len(data)),
		ContentType: contentType(key, o.ContentType),
		ETag:        hashTag(data),
		ModTime:     time.Now(),
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects[key] = memObject{info, data}
	return info, nil
}

func (m *mem) List(_ context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		m.mu.RLock()
		objects := maps.Clone(m.objects)
		m.mu.RUnlock()
		for _, key := range slices.Sorted(maps.Keys(objects)) {
			info := objects[key].Info
			info.ContentType = ""
			if strings.HasPrefix(key, prefix) && !yield(info, nil) {
				return
			}
		}
	}
}

func (m *mem) Delete(_ context.Context, key string) error {
	if err := ValidKey(key); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, key)
	return nil
}

// hashTag returns an ETag that is the same for the same bytes only. Half of
// the hash is plenty: nobody gains by a collision under a key of his own.
func hashTag(data []byte) string {
	sum := sha256.Sum256(data)
	return fmt.Sprintf(`"%x"`, sum[:len(sum)/2])
}
