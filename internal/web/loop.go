package web

import "bytes"

// loops reports whether one of the CDN-Loop headers (RFC 8586, 2) has the edge
// called id. Each is a list of edges with parameters.
func loops(headers [][]byte, id string) bool {
	for _, list := range headers {
		for len(list) > 0 {
			var edge []byte
			edge, list = cutItem(list)
			name, _, _ := bytes.Cut(edge, []byte{';'})
			if name = bytes.TrimSpace(name); len(name) > 0 && string(name) == id {
				return true
			}
		}
	}
	return false
}

// cutItem cuts a list behind its first item, which ends at a comma outside of
// quotes (RFC 9110, 5.6.4).
func cutItem(list []byte) (item, rest []byte) {
	quoted := false
	for i := 0; i < len(list); i++ {
		switch {
		case list[i] == '"':
			quoted = !quoted
		case list[i] == '\\' && quoted:
			i++
		case list[i] == ',' && !quoted:
			return list[:i], list[i+1:]
		}
	}
	return list, nil
}
