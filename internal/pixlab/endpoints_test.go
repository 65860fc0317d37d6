package pixlab_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pixedge/internal/imgtest"
	"pixedge/internal/op"
	"pixedge/internal/pixlab"
	"pixedge/internal/transform"
)

// asStored begins the pipelines that count on pixels as they are stored.
const asStored = "t.orientation(m:keep)"

// objects is a list in JSON of n times the same object.
func objects(object string, n int) string {
	return "[" + strings.TrimSuffix(strings.Repeat(object+",", n), ",") + "]"
}

// boxes is a list of n times the same rectangle, as operations have it.
func boxes(box string, n int) string {
	return "[" + strings.TrimSuffix(strings.Repeat("["+box+"]_", n), "_") + "]"
}

// TestPipelines sends each endpoint what its clients send it, as a query or, where it
// begins with a brace, as JSON, and has what it comes to carried out. «text» stands for
// base64 of it.
func TestPipelines(t *testing.T) {
	const (
		region   = `{"x":20,"y":10,"width":40,"height":30}`
		box      = "10_20_30_40"
		overlay  = `{"img":"` + webCard + `","x":1,"y":2}`
		merged   = "~t.merge(i:«1»,g:custom,l:1,t:2)"
		blurred  = asStored + "~t.blurRegions(bboxes:[[10_20_30_40]],s:"
		pen      = ",c:ffffff,w:2,o:0.9)"
		thin     = ",c:ffffff,w:1.2,o:0.9,f:00000000)"
		letters  = ",f:sans-bold,s:0,c:ffffff,"
		newField = "t.resize(w:300,h:200,f:fill,k:nearest)"
	)
	tests := []struct{ endpoint, params, want string }{
		{"adaptiveresize", "width=300&height=200", "~t.resize(w:300,h:200,f:fill)"},
		{"adaptiveresize", "height=200", "~t.resize(w:200,h:200,f:fill)"},
		{"adaptiveresize", "width=300&height=200&bestfit=True", "~t.resize(w:300,h:200,f:inside)"},
		{"adaptiveresize", `{"width":300.9,"bestfit":true}`, "~t.resize(w:300,h:300,f:inside)"},
		{"ar", "width=300&height=200&bestfit=1", "~t.resize(w:300,h:200,f:inside)"},
		{"avatar", "", "t.resize(w:100,h:75,f:fill)"},
		{"blur", "radius=20&sigma=5", "~t.blur(s:5)"},
		{"blur", "rad=20&sig=5&channel=134217727", "~t.blur(s:5)"},
		{"blur", "radius=5&sigma=20", "~t.blur(s:3.147)"},
		{"blur", "radius=2&sigma=100", "~t.blur(s:1.414)"}, // the root of (4+1+0+1+4)/5
		{"blur", "radius=3&sigma=0", "~t.blur(s:1.835)"},
		{"blur", "sigma=200", "~t.blur(s:100)"},
		{"border", "width=20&color=yellow", "~t.extend(t:20,l:20,b:20,r:20,bc:ffff00)"},
		{"border", "width=0", "~t.extend(t:0,l:0,b:0,r:0,bc:dfdfdf)"},
		{"chop", "x=20&y=10&width=30", "~t.chop(x:20,y:10,w:30,h:30)"},
		{"composite", `{"cord":[` + overlay + `]}`, merged},
		{"compress", "quality=30", "t.compress(q:30)"},
		{"convert", "export=JPG", "t.toFormat(f:jpeg)"},
		{"convert", "export=tif&background=tr&compression=0", "t.toFormat(f:tiff)"},
		{"convert", "export=HEIC&background=red&compression=70", "t.flatten(b:ff0000)~t.toFormat(f:heif,q:70)"},
		{"copy", "", ""},
		{"crop", "x=164&y=95&width=145&height=145", "~t.crop(x:164,y:95,w:145,h:145)"},
		{"crop", "left=164&top=95&width=145", "~t.crop(x:164,y:95,w:145,h:145)"},
		{"crop", "height=145", "~t.crop(x:0,y:0,w:145,h:145)"},
		{"crop", "x=&y=&width=5&height=", "~t.crop(x:0,y:0,w:5,h:5)"},
		{"crop", "x=-10&y=-0.5&width=145&height=20", "~t.crop(x:0,y:0,w:135,h:20)"},
		{"crop", "x=1e2&y=%2B7&width=007&height=12.99", "~t.crop(x:100,y:7,w:7,h:12)"},
		{"crop", "width=500000&height=20&unknown=1&channel=x", "~t.crop(x:0,y:0,w:500000,h:20)"},
		{"crop", `{"x":"164","y":95.5,"width":1.45e2,"height":null,"other":{"a":1}}`, "~t.crop(x:164,y:95,w:145,h:145)"},
		{"delete", "link=nothing", "-"},
		{"drawline", "startx=1&starty=2&endx=3&endy=4", "~t.drawLines(l:[[1_2_3_4]]" + pen},
		{"drawline", "startx=1&starty=2&endx=3&endy=4&color=%23f80&strokewidth=1.5&strokeopacity=0.25", "~t.drawLines(l:[[1_2_3_4]],c:ff8800,w:1.5,o:0.25)"},
		{"drawlines", `{"lines":[{"startx":1,"starty":"2","endx":3.7,"endy":4}]}`, "~t.drawLines(l:[[1_2_3_4]]" + pen},
		{"drawlines", `{"color":"red","lines":[{"endx":1,"endy":1},{"endx":2,"endy":2},{"endx":3,"endy":3,"color":"#00F"},{"endx":4,"endy":4}]}`, "~t.drawLines(l:[[0_0_1_1]_[0_0_2_2]],c:ff0000,w:2,o:0.9)~t.drawLines(l:[[0_0_3_3]],c:0000ff,w:2,o:0.9)~t.drawLines(l:[[0_0_4_4]],c:ff0000,w:2,o:0.9)"},
		{"drawrectangle", "x=20&y=10&width=40&height=30", "~t.drawRectangles(bboxes:[[10_20_30_40]]" + thin},
		{"drawrectangle", "x=-20&y=-10&width=40", "~t.drawRectangles(bboxes:[[0_0_30_20]]" + thin},
		{"drawrectangle", "x=1&y=1&width=5&fillcolor=00ff0080&color=none", "~t.drawRectangles(bboxes:[[1_1_5_5]],c:00000000,w:1.2,o:0.9,f:00ff0080)"},
		{"drawrectangles", `{"cord":` + objects(region, 65) + `}`, "~t.drawRectangles(bboxes:" + boxes(box, 64) + thin + "~t.drawRectangles(bboxes:" + boxes(box, 1) + thin},
		{"drawrectangles", `{"cord":[{"x":-50,"y":0,"width":40,"height":30},` + region + `],"fillcolor":"#fff"}`, "~t.drawRectangles(bboxes:[[10_20_30_40]],c:ffffff,w:1.2,o:0.9,f:ffffff)"},
		{"drawrectangles", `{"cord":[{"x":-50,"y":0,"width":40,"height":30}]}`, "~"},
		{"drawtext", "top=Hello%2C%20world", "~t.caption(t:«Hello, world»" + letters + "p:top)"},
		{"drawtext", "top=a&center=b&bottom=c&cap=True&size=12&color=black&font=Arial&strokecolor=white&strokewidth=50", "~t.caption(t:«A»,f:sans,s:12,c:000000,p:top,oc:ffffff,w:20,o:0.9)~t.caption(t:«B»,f:sans,s:12,c:000000,p:center,oc:ffffff,w:20,o:0.9)~t.caption(t:«C»,f:sans,s:12,c:000000,p:bottom,oc:ffffff,w:20,o:0.9)"},
		{"drawtextat", "x=-20&y=60.5&text=été&font=dotty", "~t.caption(t:«été»,f:mono-bold,s:0,c:ffffff,p:custom,x:-20,y:60)"},
		{"emailfit", "", "t.resize(w:320,h:240,f:fill)"},
		{"extent", "width=300&height=100&x=30&y=-40&color=%23ff8800", "~t.extent(w:300,h:100,x:30,y:-40,c:ff8800)"},
		{"extent", "width=300", "~t.extent(w:300,h:300,x:0,y:0,c:ffffff)"},
		{"facedetect", "", "t.faces()"},
		{"favicon", "", "t.toFormat(f:ico)"},
		{"flatten", "", "t.flatten(b:ffffff)~t.toFormat(f:png)"},
		{"flatten", "export=jpeg", "t.flatten(b:ffffff)~t.toFormat(f:jpeg)"},
		{"flip", "", "~t.flip()"},
		{"flop", "", "~t.flop()"},
		{"gaussianblur", "radius=0&sigma=2.5", "~t.blur(s:2.5)"},
		{"grayscale", "", "~t.grey()"},
		{"header", "", ""},
		{"magnify", "", "~t.scale(p:200)"},
		{"meme", "bottom=x&font=nothing", "~t.caption(t:«x»,f:sans,s:0,c:ffffff,p:bottom)"},
		{"merge", `{"src":"` + webCard + `","cord":[` + overlay + `,{"img":"` + webCard + `","x":"-3","y":4.5,"center":true,"center_y":"False"}]}`, merged + "~t.merge(i:«1»,g:custom,l:-3,t:4,cx:true)"},
		{"merge", `{"cord":` + objects(overlay, 31) + `}`, strings.Repeat(merged, 31)},
		{"minify", "", "~t.scale(p:50)"},
		{"mogrify", `{"cord":[` + region + `]}`, blurred + "16.418)"},
		{"mogrify", `{"cord":[{"face_id":0,"left":20.2,"top":10,"width":40,"height":30}],"rad":0,"sig":4}`, blurred + "4)"},
		{"mogrify", `{"cord":[{"x":-20,"y":-10,"width":40,"height":30}],"radius":90,"sigma":500}`, "~t.blurRegions(bboxes:[[0_0_20_20]],s:30)"},
		{"mogrify", `{"cord":` + objects(region, 300) + `,"radius":5,"sigma":1}`, strings.Repeat("~t.blurRegions(bboxes:"+boxes(box, 64)+",s:1)", 4) + "~t.blurRegions(bboxes:" + boxes(box, 44) + ",s:1)"},
		{"msgfit", "", "t.resize(w:640,h:480,f:fill)"},
		{"newimage", "width=300&height=200", newField + "~t.flatten(b:808080)~t.toFormat(f:png)"},
		{"newimage", "width=300&height=200&color=tr&export=WEBP", newField + "~t.toFormat(f:webp)"},
		{"newimage", "width=300&height=200&color=%23ff000080", newField + "~t.flatten(b:ff0000)~t.toFormat(f:png)"},
		{"oilpaint", "radius=3", "~t.oilpaint(r:3)"},
		{"oilpaint", "radius=99.5", "~t.oilpaint(r:10)"},
		{"resample", "xr=144&yr=36&blur=20", "~t.resample(x:144,y:36)~t.density(d:144,y:36)"},
		{"resize", "width=300", "~t.resize(w:300,h:300,f:fill)"},
		{"rotate", "degree=-12.50&color=Tomato", "~t.rotate(a:-12.5,b:ff6347)"},
		{"rotate", "degree=90", "~t.rotate(a:90,b:00000000)"},
		{"scale", "scale=33.3", "~t.scale(p:33)"},
		{"setresolution", "xr=150&yr=72", "~t.density(d:150,y:72)~t.compress(q:95)"},
		{"smartcrop", "x=1&y=2&width=3&height=4", "~t.crop(x:1,y:2,w:3,h:4)"},
		{"smartresize", "width=640&height=0", "~t.resize(w:640,h:0,f:inside)"},
		{"smartresize", "height=480", "~t.resize(w:0,h:480,f:inside)"},
		{"store", "", "-"},
		{"strip", "", "t.compress(q:95)"},
		{"thumbnail", "width=50&height=40", "~t.resize(w:50,h:40,f:fill)"},
		{"transpose", "", "~t.flip()~t.rotate(a:90)"},
		{"transverse", "", "~t.flop()~t.rotate(a:90)"},
		{"webfit", "", "t.resize(w:320,h:240,f:fill)"},
	}
	e := start(t)
	e.cloud.Links.(pages)[webCard] = imgtest.PNG(t, imgtest.Card(240, 160, true))
	e.maker.real = transform.NewRenderer(transform.Config{Workers: 1, Queue: 1})
	for _, tt := range tests {
		t.Run(tt.endpoint+" "+fmt.Sprintf("%.60s", tt.params), func(t *testing.T) {
			if r := e.ask(t, tt.endpoint, tt.params); r.status != 200 && tt.want != "-" {
				t.Errorf("%d %s", r.status, r.body)
			}
			want := regexp.MustCompile("«(.*?)»").ReplaceAllStringFunc(tt.want, func(text string) string {
				return op.EncodeText(strings.Trim(text, "«»"))
			})
			if strings.HasPrefix(want, "~") {
				want = strings.TrimSuffix(asStored+want, "~")
			}
			if got := strings.Join(e.maker.pipelines(), " "); got != strings.Trim(want, "-") {
				t.Errorf("made %s\nwant %s", got, want)
			}
		})
	}
	for _, doc := range pixlab.Describe() {
		if !slices.ContainsFunc(tests, func(tt struct{ endpoint, params, want string }) bool { return tt.endpoint == doc.Name }) {
			t.Errorf("nothing holds %s to what it makes", doc.Name)
		}
	}
}

// ask sends parameters about the card, and wants the picture itself.
func (e *edge) ask(t *testing.T, endpoint, params string) reply {
	t.Helper()
	uri := "/" + endpoint + "?blob=true"
	if endpoint != "newimage" && endpoint != "delete" {
		uri += "&img=" + webCard
	}
	if strings.HasPrefix(params, "{") {
		return e.postJSON(t, uri, params)
	}
	return e.get(t, uri+"&"+params)
}

// TestBadRequests has what each endpoint refuses, and how it says so.
func TestBadRequests(t *testing.T) {
	many := func(n int) string {
		return objects(`{"endx":1,"endy":1,"color":"red"},{"endx":1,"endy":1}`, n)
	}
	e := start(t)
	for _, tt := range []struct {
		endpoint, params string
		status           int
		text             string
	}{
		{"blur", "", 400, "blur: radius and sigma are missing, or too small"},
		{"blur", "radius=0&sigma=0.2", 400, "blur: radius and sigma are missing, or too small"},
		{"blur", "radius=x", 400, `blur: radius: "x" is not a decimal number`},
		{"blur", "radius=0x1p4", 400, `blur: radius: "0x1p4" is not a decimal number`},
		{"border", "", 400, "border: width is missing"},
		{"border", "width=501", 400, `border: width: "501" is outside 0..500`},
		{"border", "width=1&color=nocolor", 400, `border: color: "nocolor" is not a color; want 6 or 8 hexadecimal digits`},
		{"compress", "", 400, "compress: quality is missing"},
		{"compress", "quality=0", 400, `compress: quality: "0" is outside 1..100`},
		{"convert", "", 400, "convert: export is missing"},
		{"convert", "export=", 400, "convert: export is missing"},
		{"convert", "export=psd", 415, `convert: export: "psd" is no format that can be made here; there are jpg, tif, heic, ico, jpeg, png, webp, avif, gif, tiff, heif, bmp, jxl`},
		{"crop", "", 400, "crop: width and height are missing"},
		{"crop", "width=x", 400, `crop: width: "x" is not a whole number`},
		{"crop", "width=0", 400, `crop: width: "0" is outside 1..1000000`},
		{"crop", "width=-5", 400, `crop: width: "-5" is outside 1..1000000`},
		{"crop", "width=1e12", 400, `crop: width: "1000000000000" is outside 1..1000000`},
		{"crop", "width=NaN", 400, `crop: width: "NaN" is not a whole number`},
		{"crop", "width=5&x=-5", 400, "crop: the rectangle is outside of the picture"},
		{"crop", "width=5&blob=maybe", 400, `crop: blob: "maybe" is neither true nor false`},
		{"crop", `{"width":[5]}`, 400, "crop: width: must be text or a number"},
		{"crop", `{"width":5`, 400, "the JSON of the body is broken at byte 10"},
		{"crop", `{"width":"`, 400, "the JSON of the body is broken at byte 10"},
		{"drawline", "startx=1&starty=2&endx=3", 400, "drawline: endy is missing"},
		{"drawline", "startx=-1&starty=2&endx=3&endy=4", 400, `drawline: startx: "-1" is outside 0..1000000`},
		{"drawline", "startx=1&starty=2&endx=3&endy=4&strokeopacity=2", 400, `drawline: strokeopacity: "2" is outside 0..1`},
		{"drawlines", `{}`, 400, "drawlines: lines is missing"},
		{"drawlines", `{"lines":[]}`, 400, "drawlines: lines: is empty"},
		{"drawlines", `{"lines":{}}`, 400, "drawlines: lines: is not JSON, or not of the right shape"},
		{"drawlines", `{"lines":[{"startx":"a"}]}`, 400, `drawlines: lines: "a" is not a number`},
		{"drawlines", `{"lines":[{"startx":-1}]}`, 400, "drawlines: lines: startx, starty, endx and endy must be in 0..1000000"},
		{"drawlines", `{"lines":[{"startx":1e30}]}`, 400, "drawlines: lines: 1e30 is outside -1000000..1000000"},
		{"drawlines", `{"lines":[{"color":"nocolor"}]}`, 400, `drawlines: color: "nocolor" is not a color; want 6 or 8 hexadecimal digits`},
		{"drawlines", `{"lines":` + many(16) + `}`, 400, "drawlines: this comes to 33 operations, and at most 32 are carried out: send fewer items, or those of a color together"},
		{"drawrectangles", `{"cord":[{"x":1,"y":1,"width":5}]}`, 400, "drawrectangles: cord: width and height must be 1 at least"},
		{"drawtext", "", 400, "drawtext: top, center and bottom are missing"},
		{"drawtext", "top=%20", 400, "drawtext: top, center and bottom are missing"},
		{"drawtext", "top=%ff", 400, "drawtext: top: is not text in UTF-8"},
		{"drawtext", "top=" + strings.Repeat("a", 1001), 400, "drawtext: top: is longer than 1000 bytes"},
		{"drawtext", "top=x&size=-1", 400, `drawtext: size: "-1" is outside 0..1000`},
		{"drawtextat", "x=1&y=1&text=", 400, "drawtextat: text is missing"},
		{"merge", `{"cord":` + objects(`{"img":"x"}`, 32) + `}`, 400, "merge: cord: has 32 pictures; at most 31 are laid over one"},
		{"merge", `{"cord":[{"x":1}]}`, 400, "merge: cord: img is missing"},
		{"merge", `{"cord":[{"img":"!"}]}`, 400, "cord: img: want the URL of a picture, the id of a stored one, or a picture in base64"},
		{"merge", `{"cord":[{"img":5}]}`, 400, "merge: cord: is not JSON, or not of the right shape"},
		{"merge", `{"cord":[{"img":"x","x":10001}]}`, 400, "merge: cord: x and y must be in -10000..10000"},
		{"mogrify", `{"cord":[{"left":-9,"top":0,"width":9,"height":9}]}`, 400, "mogrify: cord: a rectangle is outside of the picture"},
		{"mogrify", `{"cord":[null]}`, 400, "mogrify: cord: width and height must be 1 at least"},
		{"mogrify", `{"cord":[{"width":9,"height":9}],"radius":0}`, 400, "mogrify: radius and sigma are too small"},
		{"mogrify", `{"cord":"[]"}`, 400, "mogrify: cord: is not JSON, or not of the right shape"},
		{"newimage", "color=red", 400, "newimage: width and height are missing"},
		{"newimage", "width=10001", 400, `newimage: width: "10001" is outside 1..10000`},
		{"newimage", "width=1&export=svg", 415, `newimage: export: "svg" is no format that can be made here; there are jpg, tif, heic, ico, jpeg, png, webp, avif, gif, tiff, heif, bmp, jxl`},
		{"oilpaint", "", 400, "oilpaint: radius is missing"},
		{"oilpaint", "radius=-1", 400, `oilpaint: radius: "-1" is outside 0..1000`},
		{"rotate", "", 400, "rotate: degree is missing"},
		{"scale", "scale=501", 400, "scale: " + `scale: "501" is outside 1..500`},
		{"setresolution", "xr=72", 400, "setresolution: yr is missing"},
		{"smartresize", "width=0&height=0", 400, "smartresize: width and height are missing"},
		{"store", "", 405, "the method is not allowed; POST, OPTIONS are"},
		{"store", "{}", 415, "store: the content type must be multipart/form-data"},
		{"mogrify", "", 405, "the method is not allowed; POST, OPTIONS are"},
		{"newimage", "{}", 405, "the method is not allowed; GET, OPTIONS are"},
	} {
		t.Run(tt.endpoint+" "+fmt.Sprintf("%.60s", tt.params), func(t *testing.T) {
			r := e.ask(t, tt.endpoint, tt.params)
			if r.status != tt.status || r.text("error") != tt.text {
				t.Errorf("%d %s\nwant %d %s", r.status, r.body, tt.status, tt.text)
			}
		})
	}
}
