package signing

// Texts returns the texts that a signature of c may have been made over, each
// with whether the query is in it.
func Texts(c Claim) map[string]bool {
	texts := map[string]bool{}
	for _, f := range c.forms() {
		texts[f.text] = f.query
	}
	return texts
}
