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
		"a result":              {reply{Nonce: "n", Format: media.PNG, Size: 10}, true},
		"another format":        {reply{Nonce: "n", Format: media.JPEG}, false},
		"no format":             {reply{Nonce: "n", Format: 200}, false},
		"a failure":             {reply{Nonce: "n", Failed: true, Kind: fault.Invalid, Shown: "no"}, true},
		"no kind":               {reply{Nonce: "n", Failed: true, Kind: 200}, false},
		"a book":                {reply{Nonce: "n", Failed: true, Shown: strings.Repeat("x", 5000)}, false},
		"counts that go back":   {reply{Nonce: "n", Format: media.PNG, Stats: transform.Stats{Decodes: -1}}, false},
		"an answer too early":   {reply{Format: media.PNG, Size: 10}, false},
		"less memory than none": {reply{Nonce: "n", Format: media.PNG, Peak: -1}, false},
	} {
		if got := tt.reply.credible(request{Nonce: "n", makes: media.PNG}); got != tt.want {
			t.Errorf("%s: %t, want %t", name, got, tt.want)
		}
	}
}
