package worker

import (
	"strings"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/transform"
)

// TestCredible believes what a renderer may say, and nothing else.
func TestCredible(t *testing.T) {
	for name, tt := range map[string]struct {
		reply reply
		want  bool
	}{
		"a result":              {reply{Format: media.PNG, Size: 10}, true},
		"another format":        {reply{Format: media.JPEG}, false},
		"no format":             {reply{Format: 200}, false},
		"a failure":             {reply{Failed: true, Kind: fault.Invalid, Shown: "no"}, true},
		"no kind":               {reply{Failed: true, Kind: 200}, false},
		"a book":                {reply{Failed: true, Shown: strings.Repeat("x", 5000)}, false},
		"counts that go back":   {reply{Format: media.PNG, Stats: transform.Stats{Decodes: -1}}, false},
		"less memory than none": {reply{Format: media.PNG, Peak: -1}, false},
	} {
		if got := tt.reply.credible(media.PNG); got != tt.want {
			t.Errorf("%s: %t, want %t", name, got, tt.want)
		}
	}
}
