package pixlab_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"pixedge/internal/pixlab"
)

// document returns the OpenAPI document of an edge.
func document(t *testing.T, e *edge) *openapi3.T {
	t.Helper()
	r := e.send(t, http.MethodGet, "/openapi.json?key=", "", nil) // nobody needs a key to read it
	if r.status != 200 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	doc, err := openapi3.NewLoader().LoadFromData(r.body)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestDocument holds the document to OpenAPI, and to the catalog.
func TestDocument(t *testing.T) {
	doc := document(t, start(t))
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	if doc.Servers[0].URL != public {
		t.Errorf("served at %s", doc.Servers[0].URL)
	}
	list := pixlab.Describe()
	if n := doc.Paths.Len(); n != len(list) {
		t.Errorf("%d paths for %d endpoints", n, len(list))
	}
	for _, e := range list {
		item := doc.Paths.Find("/" + e.Name)
		if item == nil || len(item.Operations()) != len(e.Methods) {
			t.Errorf("%s: %v, want %v", e.Name, item, e.Methods)
			continue
		}
		for method, operation := range item.Operations() {
			if operation.Summary != e.Doc || operation.Responses.Status(200) == nil {
				t.Errorf("%s %s: %q", method, e.Name, operation.Summary)
			}
			for _, p := range e.Params {
				checkParam(t, e.Name, p, schema(operation, p.Name))
			}
		}
	}
}

// schema returns that of a parameter in the query, or of a member of the body.
func schema(o *openapi3.Operation, name string) *openapi3.Schema {
	if p := o.Parameters.GetByInAndName("query", name); p != nil {
		return p.Schema.Value
	}
	if o.RequestBody == nil {
		return nil
	}
	for _, content := range o.RequestBody.Value.Content {
		if s := content.Schema.Value.Properties[name]; s != nil {
			return s.Value
		}
	}
	return nil
}

func checkParam(t *testing.T, endpoint string, p pixlab.ParamDoc, s *openapi3.Schema) {
	t.Helper()
	switch {
	case s == nil:
		t.Errorf("%s: %s is not described", endpoint, p.Name)
	case !strings.HasPrefix(s.Description, p.Doc):
		t.Errorf("%s: %s: %q, want %q", endpoint, p.Name, s.Description, p.Doc)
	case strings.Contains(p.Range, "..") && (s.Min == nil || s.Max == nil):
		t.Errorf("%s: %s: no range, want %s", endpoint, p.Name, p.Range)
	case s.Default == nil && p.Default != "":
		t.Errorf("%s: %s: no default, want %s", endpoint, p.Name, p.Default)
	}
}

// TestReplies holds requests and their replies to the document.
func TestReplies(t *testing.T) {
	e := start(t)
	e.maker.faces = true
	doc := document(t, e)
	doc.Servers[0].URL = e.address
	paths, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	const js = "application/json"
	for _, tt := range []struct {
		method, uri, kind, body string
		status                  int
	}{
		{"GET", "/copy?key=good&link=" + webCard, "", "", 200},
		{"GET", "/flip?key=good&img=" + webCard, "", "", 200},
		{"GET", "/flip?key=good&blob=true&img=" + webCard, "", "", 200},
		{"GET", "/flip?key=nobody&img=" + webCard, "", "", 401},
		{"GET", "/flip?key=busy&img=" + webCard, "", "", 429},
		{"GET", "/crop?key=good&left=5&width=5&img=" + webCard, "", "", 200},
		{"GET", "/crop?key=good&img=" + webCard, "", "", 400},
		{"GET", "/header?key=good&img=" + webCard, "", "", 200},
		{"GET", "/facedetect?key=good&img=" + webCard, "", "", 200},
		{"GET", "/delete?key=good&link=" + strings.Repeat("a", 26) + ".png", "", "", 404},
		{"POST", "/drawtext", js, `{"key":"good","img":"` + webCard + `","top":"a","cap":true,"size":12,"color":"red","font":"verdana"}`, 200},
		{"POST", "/merge", js, `{"key":"good","src":"` + webCard + `","cord":[{"img":"` + webCard + `","x":1.5,"y":2,"center":true}]}`, 200},
		{"POST", "/mogrify", js, `{"key":"good","img":"` + webCard + `","cord":[{"left":1,"top":2,"width":3.5,"height":4,"face_id":0}]}`, 200},
		{"GET", "/rotate?key=good&degree=12.5&img=" + escape(webCard), "", "", 200},
	} {
		t.Run(tt.method+" "+tt.uri, func(t *testing.T) {
			checkReply(t, e, paths, tt.method, tt.uri, tt.kind, tt.body, tt.status)
		})
	}
}

func checkReply(t *testing.T, e *edge, paths routers.Router, method, uri, kind, body string, status int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, e.address+uri, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	route, params, err := paths.FindRoute(req)
	if err != nil {
		t.Fatal(err)
	}
	in := &openapi3filter.RequestValidationInput{
		Request: req, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil {
		t.Errorf("the request: %v", err)
	}
	req.Body = io.NopCloser(strings.NewReader(body))
	r := e.do(t, req)
	if r.status != status {
		t.Errorf("%d %s, want %d", r.status, r.body, status)
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: r.status, Header: r.header}
	out.SetBodyBytes(r.body)
	if r.json == nil {
		return // a picture
	}
	if err := openapi3filter.ValidateResponse(t.Context(), out); err != nil {
		t.Errorf("the reply: %v", err)
	}
}
