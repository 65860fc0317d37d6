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
	made := request{Nonce: "n", makes: media.PNG}
	told := request{Nonce: "n", Inspect: true, Original: picture{media.JPEG, 300}}
	info := func(change func(*transform.Info)) reply {
		i := transform.Info{Format: "jpeg", Width: 30, Height: 20, Size: 300, DominantColor: "#a0b0c0"}
		change(&i)
		return reply{Nonce: "n", Info: i}
	}
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
		"a book for the log":    {reply{Nonce: "n", Failed: true, Detail: strings.Repeat("x", 20000)}, false},
		"a stack for the log":   {reply{Nonce: "n", Failed: true, Detail: strings.Repeat("x", 16<<10)}, true},
		"not for it to say":     {reply{Nonce: "n", Failed: true, Kind: fault.Unauthorized}, false},
		"nothing":               {reply{Nonce: "n", Format: media.PNG}, false},
		"less than nothing":     {reply{Nonce: "n", Format: media.PNG, Size: -1}, false},
		"the longest result":    {reply{Nonce: "n", Format: media.PNG, Size: LongestResult}, true},
		"more than fits":        {reply{Nonce: "n", Format: media.PNG, Size: LongestResult + 1}, false},
		"counts that go back":   {reply{Nonce: "n", Format: media.PNG, Stats: transform.Stats{Decodes: -1}}, false},
		"an answer too early":   {reply{Format: media.PNG, Size: 10}, false},
		"less memory than none": {reply{Nonce: "n", Format: media.PNG, Peak: -1}, false},
	} {
		if got := tt.reply.credible(made); got != tt.want {
			t.Errorf("%s: %t, want %t", name, got, tt.want)
		}
	}
	for name, tt := range map[string]struct {
		reply reply
		want  bool
	}{
		"a description":         {info(func(*transform.Info) {}), true},
		"of another format":     {info(func(i *transform.Info) { i.Format = "<script>" }), false},
		"of another picture":    {info(func(i *transform.Info) { i.Size = 1 }), false},
		"a long color":          {info(func(i *transform.Info) { i.DominantColor = strings.Repeat("x", 65) }), false},
		"a long BlurHash":       {info(func(i *transform.Info) { i.BlurHash = strings.Repeat("x", 65) }), false},
		"a long ThumbHash":      {info(func(i *transform.Info) { i.ThumbHash = strings.Repeat("x", 65) }), false},
		"a picture":             {reply{Nonce: "n", Format: media.PNG, Size: 10}, false},
		"why it cannot be told": {reply{Nonce: "n", Failed: true, Kind: fault.Unprocessable, Shown: "no"}, true},
	} {
		if got := tt.reply.credible(told); got != tt.want {
			t.Errorf("%s: %t, want %t", name, got, tt.want)
		}
	}
}
