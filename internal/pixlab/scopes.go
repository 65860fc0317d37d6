package pixlab

// Scopes returns what a key may be for: the names of the endpoints, sorted.
func Scopes() []string {
	list := catalog()
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = e.name
	}
	return names
}
