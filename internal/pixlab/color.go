package pixlab

import (
	"encoding/hex"
	"strings"

	"golang.org/x/image/colornames"
)

// color turns a color as clients write it, #rgb, #rrggbb or a name, into the
// RRGGBB or RRGGBBAA that op reads. What is none is left as it is, and op says so.
func color(text string) string {
	lower := strings.ToLower(text)
	if digits, ok := strings.CutPrefix(lower, "#"); ok {
		if _, err := hex.DecodeString(digits + "0"); err == nil && len(digits) == 3 {
			digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
		}
		return digits
	}
	switch lower {
	case "tr", "transparent", "none":
		return "00000000"
	}
	if c, ok := colornames.Map[lower]; ok {
		return hex.EncodeToString([]byte{c.R, c.G, c.B})
	}
	return lower
}
