package origin_test

import (
	"context"
	"strings"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/origin"
)

// A library knows what its pictures are, and who may have them.
type library struct {
	origin.Source
	format media.Format
}

func (l library) Open(ctx context.Context, name string) (origin.Body, error) {
	body, err := l.Source.Open(ctx, name)
	body.Format, body.Private = l.format, true
	return body, err
}

func TestGiven(t *testing.T) {
	for _, tt := range []struct {
		data   string
		format media.Format // as the source has it
		want   media.Format
		kind   fault.Kind
	}{
		{picture, media.None, media.PNG, 0},
		{picture, media.MP4, media.MP4, 0}, // it is believed
		{"<html>", media.None, media.None, fault.Unsupported},
		{"", media.None, media.None, fault.Unsupported},
		{"", media.MP4, media.None, fault.Unsupported},
		{picture + strings.Repeat("x", 1<<20), media.None, media.None, fault.TooLarge},
	} {
		source := library{origin.Given(strings.NewReader(tt.data), int64(len(tt.data))), tt.format}
		limits := roomy()
		limits.MaxBytes = 1 << 20
		o, err := origin.New(limits, source).Fetch(t.Context(), "any")
		if (err == nil) != (tt.want != media.None) || err != nil && fault.Of(err) != tt.kind {
			t.Errorf("%.20q as %v: %v", tt.data, tt.format, err)
			continue
		}
		if err == nil && (string(o.Data) != tt.data || o.Format != tt.want || !o.Private) {
			t.Errorf("%.20q is %q, a %v, private %v", tt.data, o.Data, o.Format, o.Private)
		}
		o.Release()
	}
}
