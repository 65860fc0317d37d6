package transform_test

import (
	"regexp"
	"strings"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/imgtest"
	"pixedge/internal/media"
	"pixedge/internal/op"
	"pixedge/internal/transform"
)

// TestLetters holds texts to what they take, however it comes to that: to the limits of
// the tests, 4 million pixels, or what a caption may take on any picture.
func TestLetters(t *testing.T) {
	card := imgtest.PNG(t, imgtest.Card(64, 48, false))
	words, lines := strings.Repeat("W ", 500), strings.Repeat("W\n", 249)+strings.Repeat("W", 500)
	for _, tt := range []struct {
		name, chain, text string
		refused           bool
	}{
		{"a word", "t.text(s:400", "Hello", false},
		{"a page", "t.text(s:20", words, false},
		{"large letters", "t.text(s:1000,dpr:5,m:0", "Hello, world", true},
		{"lines that are broken", "t.text(s:300", words, true},
		{"lines of their own", "t.text(s:40", lines, true},
		{"a separator of paragraphs", "t.text(s:80", strings.Repeat("W\u2029", 150) + strings.Repeat("W", 250), true},
		{"returns", "t.text(s:80", strings.Repeat("W\r", 200) + strings.Repeat("W", 250), true},
		{"tabs", "t.watermark(s:100,a:0", "W" + strings.Repeat("\t", 500) + "W\n.\n.\n.\n.\n.", true},
		{"repeated", "t.watermark(s:200,a:0", "SAMPLE", false},
		{"repeated, large", "t.watermark(s:1000,dpr:5", "SAMPLE", true},
		{"repeated, in lines", "t.watermark(s:40", lines, true},
		{"with an outline", "t.caption(s:400,oc:000000", "Hello", false},
		{"with an outline, lines of their own", "t.caption(s:80,p:custom", strings.Repeat("W\r", 200) + strings.Repeat("W", 250), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := render(t, tt.chain+",t:"+op.EncodeText(tt.text)+")", card)
			if !tt.refused {
				if err != nil {
					t.Error(err)
				}
				return
			}
			operation, _, _ := strings.Cut(tt.chain, "(")
			want := regexp.MustCompile("^" + operation + `: s: letters of \d+ pixels are too large for so long a text, of which at most (4|16)000000 pixels are allowed; want some \d+ at most$`)
			if fault.Of(err) != fault.Invalid || !want.MatchString(fault.Message(err)) {
				t.Errorf("%v: %v", fault.Of(err), err)
			}
		})
	}
	_, err := render(t, "t.watermark(s:100,g:1000,dpr:5,t:"+op.EncodeText("SAMPLE")+")", card)
	if fault.Of(err) != fault.Invalid || !strings.HasPrefix(fault.Message(err), "t.watermark: s: the text and its gap take ") {
		t.Errorf("a gap that is too large: %v", err)
	}
}

// TestLettersEstimated counts what of a text is outside the picture.
func TestLettersEstimated(t *testing.T) {
	small := transform.Shape{Format: media.JPEG, Width: 40, Height: 30}
	need := func(chain string) int64 {
		plan, err := newCompiler().Compile(calls(chain), transform.Hints{})
		if err != nil {
			t.Fatal(err)
		}
		return plan.Estimate(small, nil).Bytes
	}
	for _, operation := range []string{"t.text", "t.watermark", "t.caption"} {
		text := "(t:" + op.EncodeText("Hello, world") + ",s:"
		tiny, large := need(operation+text+"10)"), need(operation+text+"1000)")
		if least := int64(4 * 12 * 600 * 600); large-tiny < least {
			t.Errorf("%s: %d bytes for letters of 10 pixels, %d for those of 1000; want %d more", operation, tiny, large, least)
		}
	}
}
