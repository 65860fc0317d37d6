package pixlab_test

import (
	"encoding/base64"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/imgtest"
	"pixedge/internal/media"
)

// is holds a reply to a status and the text of its error, or to "" if there is none.
func (r reply) is(t *testing.T, status int, text string) {
	t.Helper()
	if r.status != status || r.text("error") != text || r.json == nil {
		t.Errorf("%d %.200s\nwant %d %s", r.status, r.body, status, text)
	}
}

// TestPictures has the picture come in every way that it can.
func TestPictures(t *testing.T) {
	e := start(t)
	raw := string(e.card)
	std, bare := base64.StdEncoding.EncodeToString(e.card), base64.RawURLEncoding.EncodeToString(e.card)
	if !strings.ContainsAny(std, "+") || !strings.ContainsAny(bare, "-_") {
		t.Fatal("the picture does not show how base64 is written")
	}
	key, file := part{"key", "", "good"}, part{"file", "a.png", raw}
	post := func(kind, body string) func() reply {
		return func() reply { return e.send(t, http.MethodPost, "/flip", kind, strings.NewReader(body)) }
	}
	form := func(parts ...part) func() reply { return func() reply { return e.postForm(t, "/flip?key=", parts...) } }
	const urlencoded = "application/x-www-form-urlencoded"
	for name, ask := range map[string]func() reply{
		"a link":                     func() reply { return e.get(t, "/flip?img="+webCard) },
		"an escaped link":            func() reply { return e.get(t, "/flip?img="+escape(webCard)) },
		"a link called link":         func() reply { return e.get(t, "/flip?link="+webCard) },
		"a blank img, and a link":    func() reply { return e.get(t, "/flip?img=+&link="+webCard) },
		"a link of ours":             func() reply { return e.get(t, "/flip?img="+ownLink+e.stored.Path) },
		"with the other scheme":      func() reply { return e.get(t, "/flip?img=http://img.example/v2/demo/original/"+e.stored.Path) },
		"with a query":               func() reply { return e.get(t, "/flip?img="+escape(ownLink+e.stored.Path+"?download#x")) },
		"an id":                      func() reply { return e.get(t, "/flip?img="+e.stored.ID) },
		"an id with its ending":      func() reply { return e.get(t, "/flip?img="+path.Base(e.stored.Path)) },
		"base64 in the query":        func() reply { return e.get(t, "/flip?img="+escape(std)) },
		"its plus signs lost":        func() reply { return e.get(t, "/flip?img="+std) },
		"of the other alphabet":      func() reply { return e.get(t, "/flip?img="+bare) },
		"a data URI":                 func() reply { return e.get(t, "/flip?img=data:image/png;base64,"+escape(std)) },
		"in a form":                  post(urlencoded, "img="+escape(std)),
		"in a form, lost":            post(urlencoded, "img="+std),
		"in JSON":                    post("application/json", `{"img":"`+std+`"}`),
		"in JSON, with \\/":          post("application/json; charset=utf-8", `{"img":"`+strings.ReplaceAll(std, "/", `\/`)+`"}`),
		"a data URI in JSON":         post("application/json", `{"img":"data:image/png;base64,`+std+`"}`),
		"a link in JSON":             post("application/json", `{"img":"`+webCard+`"}`),
		"in a part":                  form(key, part{"img", "", std}),
		"a file":                     form(key, file),
		"a file before the key":      form(file, key),
		"a file of no name":          form(key, part{"file", "", raw}),
		"a file in another field":    form(key, part{"img", "a.png", raw}),
		"a file, and a link to none": form(key, file, part{"img", "", "http://web.example/none.png"}),
	} {
		t.Run(name, func(t *testing.T) {
			r := ask()
			if r.status != 200 || r.text("link") != r.text("ssl_link") || path.Base(r.text("link")) != r.text("id") || path.Ext(r.text("id")) != ".png" {
				t.Fatalf("%d %s", r.status, r.body)
			}
			if a := e.asset(t, r); a.Size != int64(len(e.card)) || a.Owner != "good" || a.ID+".png" != r.text("id") {
				t.Errorf("kept %+v", a)
			}
			if strings.ContainsAny(r.text("link"), "?&#+% ") {
				t.Errorf("%s would have to be escaped", r.text("link"))
			}
		})
	}
}

// TestNoPictures has pictures that are none.
func TestNoPictures(t *testing.T) {
	e := start(t)
	e.cloud.Links.(pages)["http://web.example/page.html"] = []byte("<html>")
	const wanted = "img: want the URL of a picture, the id of a stored one, or a picture in base64"
	for _, tt := range []struct {
		query  string
		status int
		text   string
	}{
		{"", 400, "img is missing"},
		{"img=", 400, "img is missing"},
		{"img=web.example/a.png", 400, wanted},
		{"img=ftp://web.example/a.png", 400, wanted},
		{"img=data:image/png,abc", 400, wanted},
		{"img=%3D%3D", 400, wanted},
		{"img=aGVsbG8%3D", 415, "not an image"},
		{"img=" + strings.Repeat("a", 26), 404, "no such asset"},
		{"img=" + ownLink + "api/none.png", 404, "no such asset"},
		{"img=" + ownLink + "secret/a.png", 403, "img: this picture needs a signed URL"},
		{"img=http://web.example/none.png", 404, "no such picture"},
		{"img=http://down.example/a.png", 404, "the picture cannot be fetched: origin failed"},
		{"img=http://slow.example/a.png", 404, "the picture cannot be fetched: timed out"},
		{"img=http://127.0.0.1/a.png", 403, "address not allowed"},
		{"img=http://web.example/page.html", 415, "not an image"},
	} {
		e.get(t, "/flip?"+tt.query).is(t, tt.status, tt.text)
		e.get(t, "/facedetect?"+tt.query).is(t, tt.status, tt.text)
		e.get(t, "/header?"+tt.query).is(t, tt.status, tt.text)
	}
	e.get(t, "/copy?").is(t, 400, "link is missing")
	e.postForm(t, "/flip", part{"file", "a.png", ""}).is(t, 400, "file: the file is empty")
	e.postForm(t, "/flip", part{"file", "a.png", "hello"}).is(t, 415, "not an image")
	e.postForm(t, "/flip", part{"file", "a.png", strings.Repeat("x", maxFile+1)}).is(t, 413, "the file is larger than 100000 bytes")
	e.maker.fails = fault.Errorf(fault.Unprocessable, "the picture is damaged")
	e.get(t, "/flip?img="+webCard).is(t, 415, "the picture is damaged")
	e.maker.fails = fault.Errorf(fault.Invalid, "t.crop: the rectangle is outside")
	e.get(t, "/smartcrop?width=5&img="+webCard).is(t, 400, "smartcrop: the rectangle is outside")
	e.maker.fails = fault.Errorf(fault.Invalid, "t.blurRegions: bboxes: 0_64_5_5 is outside the picture")
	e.postJSON(t, "/mogrify", `{"img":"`+webCard+`","cord":[{"width":5,"height":5}]}`).is(t, 400, "mogrify: cord: 0_64_5_5 is outside the picture")
}

// TestKeys puts the key where it may be, and has keys that may not.
func TestKeys(t *testing.T) {
	e := start(t)
	const invalid = "the API key is missing or not valid"
	header := func(key string) map[string]string { return map[string]string{"WWW-Authenticate": key} }
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	for _, tt := range []struct {
		name, query, body string
		headers           map[string]string
		status            int
		text              string
	}{
		{"query", "&key=good", "", nil, 200, ""},
		{"header", "", "", header("good"), 200, ""},
		{"header, with a blank key", "&key=", "", header(" good "), 200, ""},
		{"form", "", "key=good", form, 200, ""},
		{"body before query", "&key=nobody", "key=good", form, 200, ""},
		{"parameter before header", "&key=nobody", "", header("good"), 401, invalid},
		{"none", "", "", nil, 401, invalid},
		{"with a scheme", "", "", header("Bearer good"), 401, invalid},
		{"another header", "", "", map[string]string{"Authorization": "good"}, 401, invalid},
		{"unknown", "&key=nobody", "", nil, 401, invalid},
		{"of another cloud", "&key=astray", "", nil, 401, "the key is for a cloud that is not served here"},
		{"for other endpoints", "&key=copies", "", nil, 403, "the key is not for flip"},
		{"too often", "&key=busy", "", nil, 429, "more requests than 1/s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			method := http.MethodGet
			if tt.body != "" {
				method = http.MethodPost
			}
			req, err := http.NewRequestWithContext(t.Context(), method, e.address+"/flip?img="+webCard+tt.query, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range tt.headers {
				req.Header.Set(name, value)
			}
			r := e.do(t, req)
			r.is(t, tt.status, tt.text)
			if again := r.header.Get("Retry-After"); (again == "3") != (tt.status == 429) {
				t.Errorf("Retry-After: %s", again)
			}
		})
	}
}

// TestRoutes has methods and paths that are there and that are not.
func TestRoutes(t *testing.T) {
	e := start(t)
	for _, tt := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/flip?img=" + webCard, 200},
		{"GET", "/FLIP/?img=" + webCard, 200},
		{"POST", "/Flip?img=" + webCard, 200},
		{"OPTIONS", "/flip", 204},
		{"HEAD", "/flip", 405},
		{"PUT", "/flip", 405},
		{"POST", "/newimage", 405},
		{"GET", "/nsfw", 404},
		{"POST", "/OCR/", 404},
		{"GET", "/openapi.json", 200},
		{"HEAD", "/openapi.json", 200},
		{"POST", "/openapi.json", 405},
	} {
		r := e.send(t, tt.method, tt.path, "", nil)
		if r.status != tt.status || r.header.Get("Access-Control-Allow-Origin") != "*" || r.status != 204 && r.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: %d %v", tt.method, tt.path, r.status, r.header)
		}
		if r.status == 404 && !strings.HasPrefix(r.text("error"), "there is no such endpoint; there are adaptiveresize, ar, ") {
			t.Errorf("%s: %s", tt.path, r.body)
		}
	}
	e.send(t, "POST", "/flip", "text/plain", strings.NewReader("x")).is(t, 415, "the content type of the body must be multipart/form-data, application/x-www-form-urlencoded or application/json")
	e.send(t, "POST", "/store", "multipart/form-data", strings.NewReader("x")).is(t, 400, "the content type of the body must have a boundary of 1 to 70 characters")
}

// TestStore keeps files, and does not.
func TestStore(t *testing.T) {
	e := start(t)
	e.cloud.KeepUploads = time.Hour
	raw := string(e.card)
	r := e.postForm(t, "/store", part{"file", "wrong.gif", raw}, part{"comment", "", "of the shop"})
	r.is(t, 200, "")
	a := e.asset(t, r)
	if a.Comment != "of the shop" || a.Owner != "good" || a.Format != "png" || a.Checksum != e.stored.Checksum {
		t.Errorf("kept %+v", a)
	}
	if left := time.Until(a.Expires); left < 59*time.Minute || left > time.Hour {
		t.Errorf("kept for %v", left)
	}
	video := e.postForm(t, "/store", part{"file", "a.bin", "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"})
	if path.Ext(video.text("id")) != ".mp4" {
		t.Errorf("a video: %d %s", video.status, video.body)
	}
	e.postForm(t, "/store", part{"file", "a.png", "#!/bin/sh"}).is(t, 415, "the upload is of no kind that is kept here")
	e.postForm(t, "/store", part{"comment", "", "x"}).is(t, 400, "store: file is missing or empty")
	e.postForm(t, "/store", part{"file", "a.png", ""}).is(t, 400, "store: file is missing or empty")
	e.postForm(t, "/store", part{"file", "a.png", strings.Repeat("x", maxFile+1)}).is(t, 413, "the file is larger than 100000 bytes")
	e.postForm(t, "/store", part{"file", "a.png", raw}, part{"comment", "", strings.Repeat("x", 4097)}).is(t, 400, "comment: more than 4096 characters, or no text")
}

// TestCopy keeps pictures from elsewhere as they are.
func TestCopy(t *testing.T) {
	e := start(t)
	for _, query := range []string{"link=" + webCard, "img=" + webCard, "img=http://web.example/none.png&link=" + webCard, "link=" + e.stored.ID} {
		r := e.get(t, "/copy?"+query)
		r.is(t, 200, "")
		if a := e.asset(t, r); a.Checksum != e.stored.Checksum || a.ID == e.stored.ID {
			t.Errorf("%s: kept %+v", query, a)
		}
	}
}

// TestDelete deletes once what is the key's own.
func TestDelete(t *testing.T) {
	e := start(t)
	store := func() reply { return e.get(t, "/copy?link="+webCard) }
	gone := func(r reply, id string) {
		t.Helper()
		r.is(t, 404, "no such picture")
		if r.text("id") != id || r.json["deleted"] != false {
			t.Errorf("%s", r.body)
		}
	}
	for name, refer := range map[string]func(r reply) string{
		"link":           func(r reply) string { return r.text("link") },
		"id":             func(r reply) string { return r.text("id") },
		"without ending": func(r reply) string { return strings.TrimSuffix(r.text("id"), ".png") },
	} {
		kept := store()
		link := refer(kept)
		gone(e.get(t, "/delete?key=other&link="+link), path.Base(link))
		r := e.get(t, "/delete?link="+link)
		r.is(t, 200, "")
		if r.json["deleted"] != true || r.text("id") != path.Base(link) || len(r.json) != 3 {
			t.Errorf("%s: %s", name, r.body)
		}
		gone(e.get(t, "/delete?link="+link), path.Base(link))
		e.get(t, "/flip?img="+kept.text("id")).is(t, 404, "no such asset")
	}
	posted := e.postJSON(t, "/delete", `{"img":"`+store().text("link")+`?x=1#y"}`)
	if posted.json["deleted"] != true || path.Ext(posted.text("id")) != ".png" {
		t.Errorf("by JSON: %s", posted.body)
	}
	gone(e.get(t, "/delete?link=24p62f73c9583ec6.jpeg"), "24p62f73c9583ec6.jpeg")
	gone(e.get(t, "/delete?link=https://s3.amazonaws.com/media.pixlab.xyz/24p5.png"), "24p5.png")
	gone(e.get(t, "/delete?link="+ownLink+"../secret"), "secret")
	gone(e.get(t, "/delete?link=aGVsbG8"), "aGVsbG8")
	e.get(t, "/delete").is(t, 400, "delete: link is missing")
}

// TestResults keeps results as long as it is told to, within the quota, or sends them.
func TestResults(t *testing.T) {
	e := start(t)
	e.cloud.KeepResults = time.Hour
	a := e.asset(t, e.get(t, "/flip?img="+webCard))
	if left := time.Until(a.Expires); left < 59*time.Minute || left > time.Hour || a.Folder != "api" {
		t.Errorf("kept for %v in %s", left, a.Folder)
	}
	for _, blob := range []string{"true", "True", "1"} {
		r := e.get(t, "/convert?export=webp&blob="+blob+"&img="+webCard)
		if r.status != 200 || r.header.Get("Content-Type") != "image/webp" || string(r.body) != string(e.card) {
			t.Errorf("blob=%s: %d %v", blob, r.status, r.header)
		}
	}
	if r := e.postJSON(t, "/flip", `{"blob":true,"img":"`+webCard+`"}`); r.header.Get("Content-Type") != "image/png" {
		t.Errorf("blob in JSON: %d %v", r.status, r.header)
	}
	for _, blob := range []string{"", "false", "False", "0"} {
		e.asset(t, e.get(t, "/flip?blob="+blob+"&img="+webCard))
	}
	r := e.get(t, "/newimage?width=5")
	if a := e.asset(t, r); a.Format != "png" || path.Ext(r.text("link")) != ".png" {
		t.Errorf("newimage: %s", r.body)
	}
	for range 150 {
		if r = e.get(t, "/flip?img="+webCard); r.status != 200 {
			break
		}
	}
	r.is(t, 403, "the cloud's quota of 150 assets is used up")
}

// TestHeader describes pictures of which nothing is decoded.
func TestHeader(t *testing.T) {
	e := start(t)
	r := e.get(t, "/header?img="+webCard)
	want := map[string]any{
		"status": 200.0, "width": 48.0, "height": 32.0, "type": "png", "size": float64(len(e.card)), "mime": "image/png", "channels": 3.0, "bits": 8.0,
		"html_attr": `width="48" height="32"`, "css_prop": "width: 48px; height: 32px;",
	}
	for name, value := range want {
		if r.json[name] != value {
			t.Errorf("%s: %v, want %v", name, r.json[name], value)
		}
	}
	if len(r.json) != len(want) {
		t.Errorf("%s", r.body)
	}
	e.cloud.Links.(pages)["http://web.example/half.png"] = e.card[:20]
	if _, picture := media.Sniff(e.card[:20]); !picture {
		t.Fatal("half a picture is not taken for one")
	}
	if r := e.get(t, "/header?img=http://web.example/half.png"); r.status != 415 {
		t.Errorf("of half a picture: %d %s", r.status, r.body)
	}
	turned := imgtest.JPEG(t, imgtest.Card(48, 32, false), 6)
	if r := e.postForm(t, "/header", part{"file", "a", string(turned)}); r.json["width"] != 48.0 || r.json["type"] != "jpeg" {
		t.Errorf("of a photograph held on its side: %s", r.body)
	}
}
