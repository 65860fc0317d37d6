package worker

import (
	"strings"
	"sync"
)

// complaints keeps the first that a process writes to its standard error: why it
// falls stands there, before the stacks.
type complaints struct {
	mu   sync.Mutex
	text []byte
}

// maxComplaints is how many bytes are kept.
const maxComplaints = 2 << 10

// Write keeps what there is room for, and never fails: a process must not stand
// still because it complains too much.
func (c *complaints) Write(text []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = append(c.text, text[:min(len(text), maxComplaints-len(c.text))]...)
	return len(text), nil
}

func (c *complaints) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = c.text[:0]
}

// String returns what was kept, for the log.
func (c *complaints) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.text)
}

// says reports whether any of the phrases is in what was kept.
func (c *complaints) says(phrases ...string) bool {
	text := strings.ToLower(c.String())
	for _, phrase := range phrases {
		if strings.Contains(text, phrase) {
			return true
		}
	}
	return false
}
