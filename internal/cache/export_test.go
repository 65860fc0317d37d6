package cache

// Waiting returns how many wait for what is being made under a key.
func (c *Cache[V]) Waiting(key string) int {
	c.flights.mu.Lock()
	defer c.flights.mu.Unlock()
	if f := c.flights.byKey[key]; f != nil {
		return f.wait
	}
	return 0
}
