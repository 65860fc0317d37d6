package transform_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/imgtest"
	"pixedge/internal/inspect"
	"pixedge/internal/media"
	"pixedge/internal/op"
	"pixedge/internal/transform"
)

// TestPixLab renders what each endpoint of PixLab's API comes to, of a picture of
// 240 by 160 pixels, and holds it to the size that the endpoint promises.
func TestPixLab(t *testing.T) {
	card := imgtest.PNG(t, imgtest.Card(240, 160, false))
	clear := imgtest.PNG(t, imgtest.Card(240, 160, true))
	point := dot(t, rgba(0, 0, 0, 0)) // the original of newimage
	text := op.EncodeText("Hello, world")
	tests := []struct {
		endpoint, chain string
		original        []byte
		w, h            int
	}{
		{"oilpaint", "t.orientation(m:keep)~t.oilpaint(r:3)", card, 240, 160},
		{"newimage", "t.resize(w:300,h:200,f:fill,k:nearest)~t.flatten(b:808080)~t.toFormat(f:png)", point, 300, 200},
		{"newimage, clear", "t.resize(w:300,h:200,f:fill,k:nearest)~t.toFormat(f:png)", point, 300, 200},
		{"scale", "t.scale(p:33)", card, 79, 53},
		{"scale, larger", "t.scale(p:500)", card, 1200, 800},
		{"minify", "t.scale(p:50)", card, 120, 80},
		{"magnify", "t.scale(p:200)", card, 480, 320},
		{"adaptiveresize", "t.resize(w:300,h:300,f:fill)", card, 300, 300},
		{"adaptiveresize, bestfit", "t.resize(w:300,h:300,f:inside)", card, 300, 200},
		{"crop", "t.orientation(m:keep)~t.crop(x:200,y:20,w:145,h:145)", card, 40, 140},
		{"resize", "t.resize(w:300,h:300,f:fill)", card, 300, 300},
		{"smartresize", "t.resize(w:300,h:300,f:inside)", card, 300, 200},
		{"smartresize, one side", "t.resize(w:120,h:0,f:inside)", card, 120, 80},
		{"setresolution", "t.density(d:150,y:72)", card, 240, 160},
		{"resample", "t.resample(x:144,y:36)~t.density(d:144,y:36)", card, 480, 80},
		{"thumbnail", "t.resize(w:50,h:50,f:fill)", card, 50, 50},
		{"avatar", "t.resize(w:100,h:75,f:fill)", card, 100, 75},
		{"webfit", "t.resize(w:320,h:240,f:fill)", card, 320, 240},
		{"msgfit", "t.resize(w:640,h:480,f:fill)", card, 640, 480},
		{"merge", "t.merge(i:c2Vjb25k,g:custom,l:10,t:-20)~t.merge(i:Y2FyZC5wbmc,g:custom,cx:true,t:5)", card, 240, 160},
		{"mogrify", "t.blurRegions(bboxes:[[10_20_30_40]_[100_200_500_500]],s:30)", card, 240, 160},
		{"drawline", "t.drawLines(l:[[0_0_240_160]],c:ffffff,w:2,o:0.9)", card, 240, 160},
		{"drawrectangle", "t.drawRectangles(bboxes:[[10_20_30_40]],c:ffffff,f:00000000,w:1.2,o:0.9)", card, 240, 160},
		{"drawtext", "t.caption(t:" + text + ",p:top)~t.caption(t:" + text + ",p:center)~t.caption(t:" + text + ",p:bottom,oc:000000,w:2,o:0.9)", card, 240, 160},
		{"drawtext, long", "t.caption(p:top,oc:000000,t:" + op.EncodeText(strings.Repeat("word ", 190)) + ")", card, 240, 160},
		{"drawtextat", "t.caption(t:" + text + ",p:custom,x:20,y:60,s:30,c:ff0000)", card, 240, 160},
		{"blur", "t.blur(s:3.5)", card, 240, 160},
		{"rotate", "t.rotate(a:12.5,b:00000000)", card, 269, 208},
		{"rotate, a quarter", "t.rotate(a:-90)", card, 160, 240},
		{"flip", "t.flip()", card, 240, 160},
		{"flop", "t.flop()", card, 240, 160},
		{"transpose", "t.flip()~t.rotate(a:90)", card, 160, 240},
		{"transverse", "t.flop()~t.rotate(a:90)", card, 160, 240},
		{"chop", "t.chop(x:200,y:20,w:145,h:100)", card, 200, 60},
		{"extent", "t.extent(w:300,h:100,x:30,y:-40,c:ff8800)", card, 300, 100},
		{"border", "t.extend(t:20,l:20,b:20,r:20,bc:ffff00)", card, 280, 200},
		{"grayscale", "t.grey()", card, 240, 160},
		{"convert", "t.flatten(b:ffffff)~t.toFormat(f:jpeg,q:90)", clear, 240, 160},
		{"compress", "t.compress(q:30)", imgtest.JPEG(t, imgtest.Card(240, 160, false), 0), 240, 160},
		{"strip", "t.compress(q:95)", imgtest.JPEG(t, imgtest.Card(160, 240, false), 6), 240, 160},
		{"flatten", "t.flatten(b:ffffff)~t.toFormat(f:png)", clear, 240, 160},
	}
	for _, tt := range tests {
		t.Run(tt.endpoint, func(t *testing.T) {
			made := mustRender(t, tt.chain, tt.original)
			header, err := inspect.Read(made.Data)
			if err != nil || header.Width != tt.w || header.Height != tt.h {
				t.Errorf("%dx%d pixels, %v; want %dx%d", header.Width, header.Height, err, tt.w, tt.h)
			}
		})
	}
}

// TestNewImage makes a picture of one color from nothing.
func TestNewImage(t *testing.T) {
	const field = "t.resize(w:300,h:200,f:fill,k:nearest)"
	for chain, want := range map[string]color.Color{
		field + "~t.flatten(b:336699)~t.toFormat(f:png)": rgb(0x33, 0x66, 0x99),
		field + "~t.toFormat(f:png)":                     rgba(0, 0, 0, 0),
	} {
		img := imgtest.Decode(t, mustRender(t, chain, dot(t, rgba(0, 0, 0, 0))).Data)
		for _, at := range []image.Point{{}, {299, 199}, {150, 100}} {
			if got := img.At(at.X, at.Y); got != want {
				t.Errorf("%s: %v at %v, want %v", chain, got, at, want)
			}
		}
	}
}

// TestWidened holds the operations that PixLab has and PixelBin has not to the
// pixels of the standard library, where they only move them.
func TestWidened(t *testing.T) {
	card := imgtest.Card(97, 61, true)
	mapped := func(w, h int, at func(x, y int) (int, int)) image.Image {
		img := image.NewNRGBA(image.Rect(0, 0, w, h))
		for y := range h {
			for x := range w {
				u, v := at(x, y)
				img.Set(x, y, color.NRGBA{255, 136, 0, 255})
				if image.Pt(u, v).In(card.Bounds()) {
					img.Set(x, y, card.At(u, v))
				}
			}
		}
		return img
	}
	after := func(n, from, by int) int {
		if n >= from {
			return n + by
		}
		return n
	}
	tests := []struct {
		chain string
		want  image.Image
	}{
		{"t.flip()~t.rotate(a:90)", mapped(61, 97, func(x, y int) (int, int) { return y, x })},
		{"t.flop()~t.rotate(a:90)", mapped(61, 97, func(x, y int) (int, int) { return 96 - y, 60 - x })},
		{"t.chop(x:20,y:10,w:30,h:40)", mapped(67, 21, func(x, y int) (int, int) { return after(x, 20, 30), after(y, 10, 40) })},
		{"t.chop(w:30)", mapped(67, 61, func(x, y int) (int, int) { return x + 30, y })},
		{"t.chop(y:50,h:300)", mapped(97, 50, func(x, y int) (int, int) { return x, y })},
		{"t.chop(x:97,y:200,w:5,h:5)", card},
		{"t.chop()", card},
		{"t.extent(w:120,h:80,x:5,y:7,c:ff8800)", mapped(120, 80, func(x, y int) (int, int) { return x - 5, y - 7 })},
		{"t.extent(w:40,h:90,x:-9,y:-11,c:ff8800)", mapped(40, 90, func(x, y int) (int, int) { return x + 9, y + 11 })},
		{"t.extent(x:96,c:ff8800)", mapped(97, 61, func(x, y int) (int, int) { return x - 96, y })},
		{"t.extent()", card},
		{"t.scale(p:100)", card},
		{"t.orientation()", card},
		{"t.rotate(a:90.0)~t.rotate(a:-450)", card},
	}
	for _, tt := range tests {
		t.Run(tt.chain, func(t *testing.T) {
			got := imgtest.Decode(t, mustRender(t, tt.chain, imgtest.PNG(t, card)).Data)
			if got.Bounds().Size() != tt.want.Bounds().Size() {
				t.Fatalf("size %v, want %v", got.Bounds().Size(), tt.want.Bounds().Size())
			}
			if d := imgtest.Distance(got, tt.want); d != 0 {
				t.Errorf("differs by %v of 255, want no difference", d)
			}
		})
	}
}

func TestWidenedErrors(t *testing.T) {
	card := imgtest.PNG(t, imgtest.Card(64, 48, false))
	tests := []struct{ chain, message string }{
		{"t.chop(w:64)", "t.chop: nothing is left of the picture of 64x48 pixels"},
		{"t.chop(y:0,h:1000)", "t.chop: nothing is left of the picture of 64x48 pixels"},
		{"t.extent(w:20,h:20,x:20)", "t.extent: the picture of 64x48 pixels at x:20, y:0 is outside the field of 20x20 pixels"},
		{"t.extent(x:-64)", "t.extent: the picture of 64x48 pixels at x:-64, y:0 is outside the field of 64x48 pixels"},
		{"t.blurRegions(bboxes:[[0_64_5_5]])", "t.blurRegions: bboxes: 0_64_5_5 is outside the picture of 64x48 pixels"},
		{"t.caption(s:1000,p:custom,t:" + op.EncodeText(strings.Repeat("W", 500)) + ")", "t.caption: s: letters of 1000 pixels are too large for so long a text, of which at most 16000000 pixels are allowed; want some 178 at most"},
		{"t.caption(s:300,p:custom,t:" + op.EncodeText(strings.Repeat("W", 400)+strings.Repeat("\n.", 300)) + ")", "t.caption: s: letters of 300 pixels are too large for so long a text, of which at most 16000000 pixels are allowed; want some 11 at most"},
		{"t.scale(p:500)~t.scale(p:500)~t.scale(p:500)", "a step makes 8000x6000 pixels; at most 10000 a side and 4000000 in all are allowed"},
	}
	for _, tt := range tests {
		t.Run(tt.chain, func(t *testing.T) {
			if _, err := render(t, tt.chain, card); fault.Of(err) != fault.Invalid || fault.Message(err) != tt.message {
				t.Errorf("%v: %s\nwant %s", fault.Of(err), fault.Message(err), tt.message)
			}
		})
	}
	for chain, message := range map[string]string{
		"t.blurRegions()":          "t.blurRegions: bboxes: want at least one rectangle",
		"t.drawLines()":            "t.drawLines: l: want at least one line",
		"t.drawLines(l:[[1_2_3]])": `t.drawLines: l: "1_2_3" is not x_y_x_y: want 4 numbers`,
		"t.drawRectangles()":       "t.drawRectangles: bboxes: want at least one rectangle",
		"t.caption()":              "t.caption: t: want a text of 1 to 1000 bytes that is not blank",
		"t.oilpaint(r:10.5)":       `t.oilpaint: r: "10.5" is outside 0..10`,
		"t.scale(p:0)":             `t.scale: p: "0" is outside 1..500`,
	} {
		if _, err := newCompiler().Compile(calls(chain), transform.Hints{}); fault.Message(err) != message {
			t.Errorf("%s: %v, want %s", chain, err, message)
		}
	}
}

// TestStored takes places in a photograph that was held on its side: they are those
// of the stored pixels with t.orientation, and the note stays or goes.
func TestStored(t *testing.T) {
	card := imgtest.Card(120, 80, false)
	original := imgtest.JPEG(t, card, 6)
	want := imgtest.Decode(t, mustRender(t, "t.crop(x:10,y:8,w:60,h:40)", imgtest.PNG(t, card)).Data)
	tests := []struct {
		chain       string
		orientation int
	}{
		{"t.orientation(m:keep)~t.crop(x:10,y:8,w:60,h:40)", 6},
		{"t.crop(x:10,y:8,w:60,h:40)~t.orientation(m:keep)", 6},
		{"t.orientation(m:drop)~t.crop(x:10,y:8,w:60,h:40)", 1},
		{"t.orientation(m:keep)~t.crop(x:10,y:8,w:60,h:40)~t.toFormat(f:webp,q:100)", 6},
		{"t.orientation(m:keep)~t.crop(x:10,y:8,w:60,h:40)~t.toFormat(f:tiff)", 6},
		{"t.orientation(m:keep)~t.crop(x:10,y:8,w:60,h:40)~t.toFormat(f:png)", 1}, // libvips before 8.15 writes none
	}
	for _, tt := range tests {
		t.Run(tt.chain, func(t *testing.T) {
			made := mustRender(t, tt.chain, original)
			header, err := inspect.Read(made.Data)
			if err != nil || header.Orientation != tt.orientation {
				t.Errorf("orientation %d, %v; want %d", header.Orientation, err, tt.orientation)
			}
			got := imgtest.Decode(t, mustRender(t, "t.orientation(m:drop)~t.toFormat(f:png)", made.Data).Data)
			if got.Bounds().Size() != want.Bounds().Size() {
				t.Fatalf("size %v, want %v", got.Bounds().Size(), want.Bounds().Size())
			}
			if d := imgtest.Distance(got, want); d > 6 {
				t.Errorf("differs by %.2f of 255", d)
			}
		})
	}
	upright := imgtest.Decode(t, mustRender(t, "t.orientation(m:apply)~t.toFormat(f:png)", original).Data)
	if got := upright.Bounds().Size(); got != image.Pt(80, 120) {
		t.Errorf("applied: size %v, want 80x120", got)
	}
}

func TestIcon(t *testing.T) {
	ico := mustRender(t, "t.toFormat(f:ico)", imgtest.PNG(t, imgtest.Card(240, 160, false)))
	if format, ok := media.Sniff(ico.Data); !ok || format != media.ICO || ico.Format != media.ICO {
		t.Fatalf("made %v, sniffed as %v", ico.Format, format)
	}
	little := binary.LittleEndian
	if n := little.Uint16(ico.Data[4:]); n != 3 {
		t.Fatalf("%d pictures, want 3", n)
	}
	end := 6 + 3*16
	for i, side := range []int{128, 64, 32} {
		entry := ico.Data[6+16*i:]
		from, length := int(little.Uint32(entry[12:])), int(little.Uint32(entry[8:]))
		if int(entry[0]) != side || int(entry[1]) != side || from != end {
			t.Errorf("entry %d: %dx%d pixels at %d, want %d at %d", i, entry[0], entry[1], from, side, end)
		}
		end += length
		img, err := png.Decode(bytes.NewReader(ico.Data[from:end]))
		if err != nil || img.Bounds() != image.Rect(0, 0, side, side) {
			t.Fatalf("picture %d: %v", i, err)
		}
		_, _, _, corner := img.At(0, 0).RGBA()
		_, _, _, middle := img.At(side/2, side/2).RGBA()
		if corner != 0 || middle != 0xffff {
			t.Errorf("picture %d: opacity %x in the corner and %x in the middle", i, corner, middle)
		}
	}
	if end != len(ico.Data) {
		t.Errorf("%d bytes behind the pictures", len(ico.Data)-end)
	}
}

// TestFaces finds as many faces as there are, where they are, whatever becomes of the
// picture first.
func TestFaces(t *testing.T) {
	face := imgtest.Portrait(t)
	side := face.Bounds().Dx()
	two := image.NewRGBA(image.Rect(0, 0, 3*side, face.Bounds().Dy()))
	draw.Draw(two, two.Rect, image.NewUniform(color.Gray{128}), image.Point{}, draw.Src)
	draw.Draw(two, face.Bounds().Add(image.Pt(2*side, 0)), face, image.Point{}, draw.Src)
	draw.Draw(two, face.Bounds(), face, image.Point{}, draw.Src)
	find := func(chain string, original []byte) (f transform.Faces) {
		made := mustRender(t, chain, original)
		if err := json.Unmarshal(made.Data, &f); err != nil || made.Format != media.JSON {
			t.Fatalf("%s: %v %q: %v", chain, made.Format, made.Data, err)
		}
		return f
	}
	whole := find("t.faces()", imgtest.PNG(t, two))
	if len(whole.Faces) != 2 || whole.Width != 3*side {
		t.Fatalf("found %+v, want two faces", whole)
	}
	if l, r := whole.Faces[0], whole.Faces[1]; l.Left+l.Width > side || r.Left < 2*side || abs(r.Left-l.Left-2*side) > side/10 || l.Width < side/5 || l.Height != l.Width {
		t.Errorf("the faces are at %+v and %+v, in squares of %d", l, r, side)
	}
	half := find("t.scale(p:50)~t.faces()", imgtest.PNG(t, two))
	if len(half.Faces) != 2 || abs(2*half.Width-whole.Width) > 1 || abs(2*half.Faces[0].Left-whole.Faces[0].Left) > side/10 {
		t.Errorf("found %+v in half the size of %+v", half, whole)
	}
	if none := find("t.faces()", imgtest.PNG(t, imgtest.Card(240, 160, true))); none.Faces == nil || len(none.Faces) > 0 || none.Width != 240 || none.Height != 160 {
		t.Errorf("found %+v in a card", none)
	}
}

func abs(n int) int { return max(n, -n) }

// TestMergedMiddle lays a picture in the middle along one side.
func TestMergedMiddle(t *testing.T) {
	card := imgtest.PNG(t, imgtest.Card(240, 160, false))
	for chain, same := range map[string]string{
		"t.merge(i:c2Vjb25k,g:custom,cx:true,l:9,t:10)":         "t.merge(i:c2Vjb25k,g:custom,l:45,t:10)",
		"t.merge(i:c2Vjb25k,g:custom,cy:true,l:9,t:10)":         "t.merge(i:c2Vjb25k,g:custom,l:9,t:30)",
		"t.merge(i:c2Vjb25k,g:custom,cx:true,cy:true,l:9,t:10)": "t.merge(i:c2Vjb25k)",
	} {
		if !bytes.Equal(mustRender(t, chain, card).Data, mustRender(t, same, card).Data) {
			t.Errorf("%s is not %s", chain, same)
		}
	}
}

// TestResampled goes by the resolution that the picture has.
func TestResampled(t *testing.T) {
	card := imgtest.PNG(t, imgtest.Card(240, 160, false))
	fine := mustRender(t, "t.density(d:300,y:150)", card).Data
	for chain, want := range map[string]image.Point{
		"t.resample(x:150)":      image.Pt(120, 160),
		"t.resample(x:150,y:75)": image.Pt(120, 80),
		"t.resample(x:100,y:1)":  image.Pt(80, 1),
	} {
		if got := imgtest.Decode(t, mustRender(t, chain, fine).Data).Bounds().Size(); got != want {
			t.Errorf("%s: %v, want %v", chain, got, want)
		}
	}
	for _, silent := range [][]byte{card, mustRender(t, "t.toFormat(f:jpeg)", card).Data, mustRender(t, "t.toFormat(f:webp)", card).Data} {
		made := mustRender(t, "t.resample(x:36)~t.toFormat(f:png)", silent)
		if got := imgtest.Decode(t, made.Data).Bounds().Size(); got != image.Pt(120, 80) {
			t.Errorf("72 an inch: %v, want 120x80", got)
		}
	}
}
