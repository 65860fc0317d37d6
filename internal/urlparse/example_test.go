package urlparse_test

import (
	"fmt"

	"pixedge/internal/fault"
	"pixedge/internal/op"
	"pixedge/internal/urlparse"
)

func ExampleParse() {
	r, err := urlparse.Parse("/v2/demo/t.resize(w:320)~p:thumb/my%20folder/a.jpg", "dpr=2&pbs=5f29", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Cloud, r.Pipeline[0].Name, r.Pipeline[0].Args, r.Pipeline[1].Name)
	fmt.Println(r.File, r.Options.DPR, r.Signature.PBS)
	// Output:
	// demo t.resize [{w 320}] p:thumb
	// my folder/a.jpg 2 5f29
}

// A custom domain names the cloud.
func ExampleParse_customDomain() {
	r, err := urlparse.Parse("/v2/zone01/original/https:/example.com/a.jpg", "", "demo")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Cloud, r.Zone, r.Remote(), r.File)
	// Output: demo zone01 true https://example.com/a.jpg
}

func ExampleParse_invalid() {
	_, err := urlparse.Parse("/v2/demo/t.resize(w)/a.jpg", "", "")
	fmt.Println(fault.Of(err), fault.Message(err))
	// Output: invalid t.resize: parameter "w" has no colon
}

func ExampleRequest_Path() {
	r := urlparse.Request{
		Version:  2,
		Cloud:    "demo",
		Pipeline: op.Pipeline{{Name: "t.resize", Args: []op.Arg{{Name: "w", Value: "320"}}}, {Name: "p:thumb"}},
		File:     "my folder/ü.jpg",
		Options:  urlparse.Options{DPR: 2, Download: true},
	}
	fmt.Println(r.Path())
	fmt.Println(r.URI())
	// Output:
	// /v2/demo/t.resize(w:320)~p:thumb/my%20folder/%C3%BC.jpg
	// /v2/demo/t.resize(w:320)~p:thumb/my%20folder/%C3%BC.jpg?dpr=2&download=true
}
