package svg_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/svg"
)

const (
	begin = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"`
	limit = 2 << 20
)

// drawing puts content into an svg element, in the form that Sanitize writes.
func drawing(content string) string { return begin + ">" + content + "</svg>" }

// pixel returns a data URL of a PNG of the given size.
func pixel(tb testing.TB, w, h int) string {
	tb.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		tb.Fatal(err)
	}
	data := b.Bytes()
	copy(data[16:24], []byte{byte(w >> 24), byte(w >> 16), byte(w >> 8), byte(w), byte(h >> 24), byte(h >> 16), byte(h >> 8), byte(h)})
	copy(data[29:33], checksum(data[12:29]))
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(data)
}

// TestKept has what stays exactly as it is.
func TestKept(t *testing.T) {
	dot := pixel(t, 1, 1)
	for _, content := range []string{
		`<path d="M0 0h10v10z" fill="red"/>`,
		`<g id="a" class="b c" transform="translate(1 2) rotate(45)"><rect width="10" height="50%" rx="2"/></g>`,
		`<defs><linearGradient id="g:1"><stop offset="0" stop-color="#fff"/></linearGradient></defs><circle r="9" fill="url(#g:1) none"/>`,
		`<symbol id="s" viewBox="0 0 1 1"><path d="M0,0"/></symbol><use xlink:href="#s" x="1"/><use xlink:href="#s" x="2"/>`,
		`<style>.a,g &gt; rect{fill:url(#p);stroke:rgb(1, 2, 3)}#é{opacity:.5}</style><pattern id="p"/><rect class="a"/>`,
		`<text x="1" xml:space="preserve" style="font-family:'A B';font-size:12px"> a <tspan dy="1em">&lt;b&gt; &amp; c</tspan></text>`,
		`<filter id="f"><feGaussianBlur in="SourceAlpha" stdDeviation="100"/><feMerge><feMergeNode/></feMerge></filter><g filter="url(#f)"/>`,
		`<mask id="m"><rect/></mask><clipPath id="c"><rect/></clipPath><g mask="url(#m)" clip-path="url('#c')"/>`,
		`<image xlink:href="` + dot + `" width="1" height="1"/>`,
		`<title>é</title><desc>&amp;</desc>`,
		`<polygon points="1,2 3,4" stroke-dasharray="4 2px" marker-mid="url(#m)"/><marker id="m"><path d="M0"/></marker>`,
		`<switch><g systemLanguage="en"/><g/></switch>`,
	} {
		if got, err := svg.Sanitize([]byte(drawing(content))); err != nil || string(got.Data) != drawing(content) {
			t.Errorf("%s\nbecame %s, %v", content, got.Data, err)
		}
	}
}

// TestDropped has what goes, and what stays around it.
func TestDropped(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{`<script>alert(1)</script>`, ``},
		{`<SCRIPT href="data:,alert(1)"/><g/>`, `<g/>`},
		{`<g onload="alert(1)" ONCLICK="a" id="a"/>`, `<g id="a"/>`},
		{`<foreignObject><svg><script/></svg></foreignObject>`, ``},
		{`<switch><foreignObject requiredExtensions="x:y"/><g/></switch>`, `<switch><g/></switch>`},
		{`<g requiredExtensions="http://x/"/>`, `<g requiredExtensions="none"/>`},
		{`<a href="javascript:alert(1)" transform="scale(2)"><rect/></a>`, `<g transform="scale(2)"><rect/></g>`},
		{`<text><a xlink:href="http://x/">b</a></text>`, `<text><tspan>b</tspan></text>`},
		{`<rect><animate attributeName="href" to="javascript:x"/><set/><animateTransform/></rect>`, `<rect/>`},
		{`<iframe/><audio/><video/><embed/><object/><handler/><listener/><discard/><metadata>m</metadata>`, ``},
		{`<h:script xmlns:h="http://www.w3.org/1999/xhtml">x</h:script><x:rect/>`, ``},
		{`<s:rect xmlns:s="http://www.w3.org/2000/svg"/>`, `<rect/>`},
		{`<g xmlns:e="http://www.w3.org/2001/xml-events" e:event="x" xml:base="http://x/" xml:id="i"/>`, `<g id="i"/>`},
		{`<title><script>1</script>a</title>`, `<title>a</title>`},
		{`<!-- <script> --><?xml-stylesheet href="http://x/"?><?php x?>`, ``},
		{`stray <![CDATA[<script>]]>`, ``},
		{`<text><![CDATA[<script>]]>&#60;b</text>`, `<text>&lt;script&gt;&lt;b</text>`},
		{`<use href="http://x/a.svg#b"/><use xlink:href="//x"/><use href="a.svg#b"/><use href="#a b"/>`, `<use/><use/><use/><use/>`},
		{`<use xlink:href="#old" href="#new"/>`, `<use xlink:href="#new"/>`},
		{`<image href="http://x/"/><image href="file:///etc/passwd"/><image href="/etc/passwd"/>`, `<image/><image/><image/>`},
		{`<image href="data:image/svg+xml;base64,PHN2Zy8+"/><image href="data:image/png;base64,AAAA"/>`, `<image/><image/>`},
		{`<image href="data:text/html,x"/><image href="javascript:x"/><image href="#a"/>`, `<image/><image/><image/>`},
		{`<feImage href="http://x/"/><rect href="#a"/><mpath href="#a"/>`, `<feImage/><rect/>`},
		{`<rect fill="url(http://x/#a)"/><rect fill="url( 'http://x/' )"/><rect fill="URL(//x)"/>`, `<rect/><rect/><rect/>`},
		{`<rect fill="u\72l(http://x)"/><rect fill="url(#a"/><rect fill="red /*"/><rect fill="image(x)"/>`, `<rect/><rect/><rect/><rect/>`},
		{`<rect filter="blur(9px)"/><rect filter="inherit"/><rect color="url(#a)"/><rect d="url(#a)"/>`, `<rect/><rect/><rect/><rect/>`},
		{`<rect style="fill:red;background:url(http://x);width:expression(alert(1));behavior:url(x)"/>`, `<rect style="fill:red"/>`},
		{`<rect style="fill:r/**/ed;fill:url(javascript:x);FILL : blue ;;font-family:'a;b';x"/>`, `<rect style="fill:r ed;fill:blue"/>`},
		{`<rect style="font-family:'a;fill:red"/><rect style="fill:rgb(1;stroke:red"/>`, `<rect style="fill:red"/><rect style="stroke:red"/>`},
		{`<style>@import url(http://x);@import "x";a{fill:red}</style>`, `<style>a{fill:red}</style>`},
		{`<style>@font-face{src:url(x)}@media x{a{fill:red}}b{}c{x:y}d{fill:blue}</style>`, `<style>d{fill:blue}</style>`},
		{`<style>&lt;!-- a[href]{fill:red} :not(a){fill:red} a::b{fill:red} a\{{fill:red} --&gt;</style>`, `<style>a::b{fill:red}</style>`},
		{`<style><![CDATA[</style><script>1</script>]]></style>`, `<style/>`},
		{`<style>a{fill:red}<b/>c{fill:red}</style>`, `<style>a{fill:red}c{fill:red}</style>`},
		{`<style>a{fill:red</style>`, `<style>a{fill:red}</style>`},
		{`<g id="a"/><use id="a"/><rect id="a b"/><path id="a&quot; onload=&quot;x"/>`, `<g id="a"/><use/><rect/><path/>`},
		{`<rect x="1" y="&quot;&gt;&lt;script&gt;"/>`, `<rect x="1"/>`},
		{`<g class="a&quot; onload=&quot;x"/>`, `<g class="a&#34; onload=&#34;x"/>`},
		{`<rect x="1" x="2"/>`, `<rect x="1"/>`},
	} {
		got, err := svg.Sanitize([]byte(drawing(tt.in)))
		want := drawing(tt.want)
		if tt.want == "" {
			want = begin + "/>"
		}
		if err != nil || string(got.Data) != want {
			t.Errorf("%s\nbecame %s, %v\nwant   %s", tt.in, got.Data, err, want)
		}
	}
}

// TestPrograms has the habits of the programs that people draw with.
func TestPrograms(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{
			`<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!-- Created with Inkscape -->
<svg width="210mm" viewBox="0 0 210 297" inkscape:version="1.2" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape"
 xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd" xmlns="http://www.w3.org/2000/svg">
 <sodipodi:namedview id="namedview7" pagecolor="#ffffff"/>
 <metadata><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></metadata>
 <g inkscape:label="Layer 1" inkscape:groupmode="layer" id="layer1">
  <path style="fill:#ff0000;-inkscape-stroke:none;stroke-width:0.26" d="m 1,2 3,4 z" id="path1" sodipodi:nodetypes="ccc"/>
 </g>
</svg>`,
			begin + ` width="210mm" viewBox="0 0 210 297"><g id="layer1">` +
				`<path style="fill:#ff0000;stroke-width:0.26" d="m 1,2 3,4 z" id="path1"/></g></svg>`,
		},
		{
			`<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg version="1.1" xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"
 style="enable-background:new 0 0 9 9;" xml:space="preserve">
<style type="text/css">
	.st0{clip-path:url(#SVGID_2_);}
	.st1{fill:#FFFFFF;}
</style>
<defs><rect id="SVGID_1_" width="9" height="9"/></defs>
<clipPath id="SVGID_2_"><use xlink:href="#SVGID_1_" style="overflow:visible;"/></clipPath>
<g class="st0"><path class="st1" d="M1,2"/></g>
</svg>`,
			begin + ` version="1.1" viewBox="0 0 9 9" xml:space="preserve">` +
				`<style type="text/css">.st0{clip-path:url(#SVGID_2_)}.st1{fill:#FFFFFF}</style>` +
				`<defs><rect id="SVGID_1_" width="9" height="9"/></defs>` +
				`<clipPath id="SVGID_2_"><use xlink:href="#SVGID_1_" style="overflow:visible"/></clipPath>` +
				`<g class="st0"><path class="st1" d="M1,2"/></g></svg>`,
		},
	} {
		if got, err := svg.Sanitize([]byte(tt.in)); err != nil || string(got.Data) != tt.want {
			t.Errorf("became %s, %v\nwant   %s", got.Data, err, tt.want)
		}
	}
}

// TestPicture writes embedded pictures anew.
func TestPicture(t *testing.T) {
	dot := pixel(t, 3, 2)
	_, code, _ := strings.Cut(dot, ",")
	for _, href := range []string{
		dot, "DATA:image/JPEG;base64," + code, "data:image/jpg;base64, " + code[:8] + "\n\t" + strings.TrimRight(code[8:], "="),
	} {
		got, err := svg.Sanitize([]byte(drawing(`<image href="` + href + `"/>`)))
		if want := drawing(`<image xlink:href="` + dot + `"/>`); err != nil || string(got.Data) != want {
			t.Errorf("%.40s became %s, %v", href, got.Data, err)
		}
	}
}

// TestAround has what may stand before and after the drawing.
func TestAround(t *testing.T) {
	const want = begin + "/>"
	for _, in := range []string{
		"<svg/>", "\ufeff<svg/>", " <svg></svg>\n", "<svg xmlns='http://www.w3.org/2000/svg'/>",
		"<?xml version='1.0' encoding='utf-8' standalone='no'?><!-- a --><svg/><!-- b --><?c?>",
		"<!DOCTYPE svg><svg/>", "<!DOCTYPE s:svg><s:svg xmlns:s='http://www.w3.org/2000/svg'/>",
		`<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><svg/>`,
	} {
		if got, err := svg.Sanitize([]byte(in)); err != nil || string(got.Data) != want {
			t.Errorf("%q became %s, %v", in, got.Data, err)
		}
	}
}

func TestSize(t *testing.T) {
	for _, tt := range []struct {
		attributes string
		w, h       float64
	}{
		{``, 0, 0},
		{`width="10" height="20.5px"`, 10, 20.5},
		{`width="1in" height="72pt"`, 96, 96},
		{`width="2.54cm" height="25.4mm"`, 96, 96},
		{`width="2em" height="2pc"`, 32, 32},
		{`viewBox="0 0 30 40"`, 30, 40},
		{`viewBox="-5,-5 30,4e1" width="100%" height="auto"`, 30, 40},
		{`viewBox="0 0 30 40" width="60"`, 60, 80},
		{`viewBox="0 0 30 40" height="20"`, 15, 20},
		{`viewBox="0 0 0 40" width="60"`, 60, 0},
		{`viewBox="0 0 30" height="-1"`, 0, 0},
		{`width="NaN" height="1e999"`, 0, 0},
		{`width="inf" height="1e300"`, 0, 0},
		{`style="width:9px;height:9px"`, 0, 0},
	} {
		got, err := svg.Sanitize([]byte("<svg " + tt.attributes + "/>"))
		if err != nil || got.Width != tt.w || got.Height != tt.h {
			t.Errorf("%s: %g x %g, %v; want %g x %g", tt.attributes, got.Width, got.Height, err, tt.w, tt.h)
		}
		if w, h, err := svg.Size([]byte("<svg " + tt.attributes + "/>")); err != nil || w != tt.w || h != tt.h {
			t.Errorf("%s: Size = %g x %g, %v; want %g x %g", tt.attributes, w, h, err, tt.w, tt.h)
		}
	}
}

// TestSizeReadsLittle asks for the size of drawings that go on and on.
func TestSizeReadsLittle(t *testing.T) {
	const root = `<svg width="30" height="40">`
	head := 64 << 10
	for _, tt := range []struct {
		name, text string
		w          float64
		kind       fault.Kind
	}{
		{"what comes later is wrong", root + "<a><b></a>" + strings.Repeat("<g>", 200), 30, 0},
		{"a document type", `<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd">` + root, 30, 0},
		{"just whole", "<!--" + strings.Repeat("x", head-len(root)-7) + "-->" + root + "</svg>", 30, 0},
		{"a byte late", "<!--" + strings.Repeat("x", head-len(root)-6) + "-->" + root + "</svg>", 0, 0},
		{"far behind a comment", "<!--" + strings.Repeat("é", head) + "-->" + root, 0, 0},
		{"a long attribute", `<svg width="30" height="40" class="` + strings.Repeat("x", head) + `"/>`, 0, 0},
		{"an entity", `<!DOCTYPE svg [<!ENTITY a "b">]>` + strings.Repeat(" ", 2*head) + root, 0, fault.Unprocessable},
		{"another encoding", `<?xml version="1.0" encoding="UTF-16"?>` + strings.Repeat(" ", 2*head) + root, 0, fault.Unsupported},
		{"compressed", "\x1f\x8b" + root, 0, fault.Unsupported},
		{"too long", root + strings.Repeat(" ", limit), 0, fault.Unprocessable},
		{"not whole", `<svg width="30`, 0, fault.Unprocessable},
		{"nothing", "<!-- -->", 0, fault.Unprocessable},
		{"another element", "<g/>", 0, fault.Unprocessable},
	} {
		w, _, err := svg.Size([]byte(tt.text))
		if w != tt.w || (err != nil) != (tt.kind != 0) || err != nil && fault.Of(err) != tt.kind {
			t.Errorf("%s: %g, %v; want %g, %v", tt.name, w, err, tt.w, tt.kind)
		}
	}
	long := []byte(root + strings.Repeat("<g/>", 15_000) + "</svg>")
	if n := testing.AllocsPerRun(5, func() { _, _, _ = svg.Size(long) }); n > 100 {
		t.Errorf("Size allocates %.0f times for a long drawing", n)
	}
}

func TestDocument(t *testing.T) {
	got, err := svg.Sanitize([]byte(drawing(`<g opacity=".5"><script/><a><rect mask="url(#m)"/></a></g><mask id="m"/>`)))
	if err != nil || got.Elements != 5 || got.Effort != 5 {
		t.Errorf("%d elements, effort %g, %v; want 5 and 5", got.Elements, got.Effort, err)
	}
}

// TestRefused has what no drawing may be. No message repeats its content.
func TestRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		in   string
		kind fault.Kind
	}{
		"nothing":            {"", fault.Unprocessable},
		"white space":        {" \n", fault.Unprocessable},
		"text":               {"zyx", fault.Unprocessable},
		"HTML":               {"<html><svg/></html>", fault.Unprocessable},
		"another namespace":  {"<svg xmlns='http://zyx/'/>", fault.Unprocessable},
		"a prefix of nobody": {"<zyx:svg/>", fault.Unprocessable},
		"two roots":          {"<svg/><svg/>", fault.Unprocessable},
		"no end":             {"<svg><g>", fault.Unprocessable},
		"the wrong end":      {"<svg><zyx></svg>", fault.Unprocessable},
		"a bad attribute":    {"<svg zyx=1/>", fault.Unprocessable},
		"an entity":          {"<svg>&zyx;</svg>", fault.Unprocessable},
		"an HTML entity":     {"<svg><text>&nbsp;</text></svg>", fault.Unprocessable},
		"not UTF-8":          {"<svg><text>\xff</text></svg>", fault.Unprocessable},
		"a control":          {"<svg><text>&#1;</text></svg>", fault.Unprocessable},
		"XML 1.1":            {"<?xml version='1.1'?><svg/>", fault.Unprocessable},
		"declared entities":  {`<!DOCTYPE svg [<!ENTITY zyx SYSTEM "file:///etc/passwd">]><svg>&zyx;</svg>`, fault.Unprocessable},
		"an empty subset":    {`<!DOCTYPE svg []><svg/>`, fault.Unprocessable},
		"an entity alone":    {`<!ENTITY zyx "a"><svg/>`, fault.Unprocessable},
		"a parameter entity": {`<!DOCTYPE svg SYSTEM "zyx" [<!ENTITY % a SYSTEM "http://zyx/">%a;]><svg/>`, fault.Unprocessable},
		"a type of HTML":     {`<!DOCTYPE html><svg/>`, fault.Unprocessable},
		"a late type":        {`<svg><!DOCTYPE svg></svg>`, fault.Unprocessable},
		"an inclusion":       {`<svg xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="zyx"/></svg>`, fault.Unprocessable},
		"its bare prefix":    {`<svg><xi:include href="zyx"/></svg>`, fault.Unprocessable},
		"gzip":               {"\x1f\x8b\x08\x00zyx", fault.Unsupported},
		"UTF-16":             {"\xff\xfe<\x00s\x00v\x00g\x00", fault.Unsupported},
		"Latin 1":            {"<?xml version='1.0' encoding='ISO-8859-1'?><svg/>", fault.Unsupported},
		"UTF-7":              {"<?xml version='1.0' encoding='utf-7'?><svg/>", fault.Unsupported},
	} {
		_, err := svg.Sanitize([]byte(tt.in))
		if fault.Of(err) != tt.kind || strings.Contains(err.Error(), "zyx") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLimits holds that a drawing at the limit passes and one over it does not.
func TestLimits(t *testing.T) {
	dot, big := pixel(t, 1, 1), pixel(t, 7000, 7000)
	repeat := strings.Repeat
	for name, tt := range map[string]struct {
		make func(n int) string
		most int
	}{
		"bytes":      {func(n int) string { return "<g/>" + repeat(" ", n-len(drawing("<g/>"))) }, limit},
		"elements":   {func(n int) string { return repeat("<g/>", n-1) }, 20_000},
		"dropped":    {func(n int) string { return repeat("<x/>", n-1) }, 20_000},
		"depth":      {func(n int) string { return repeat("<g>", n-1) + repeat("</g>", n-1) }, 100},
		"dropped in": {func(n int) string { return repeat("<x>", n-1) + repeat("</x>", n-1) }, 100},
		"attributes": {func(n int) string { return "<g" + count(" a%d=''", n) + "/>" }, 200},
		"pictures":   {func(n int) string { return repeat(`<image href="`+dot+`"/>`, n) }, 4},
		"pixels":     {func(n int) string { return repeat(`<image href="`+big+`"/>`, n) }, 1},
		"stops":      {func(n int) string { return "<linearGradient>" + repeat("<stop/>", n) + "</linearGradient>" }, 256},
		"steps":      {func(n int) string { return "<filter>" + repeat("<feFlood/>", n) + "</filter>" }, 20},
		"octaves":    {func(n int) string { return fmt.Sprintf(`<feTurbulence numOctaves="%d"/>`, n) }, 5},
		"blur":       {func(n int) string { return fmt.Sprintf(`<feGaussianBlur stdDeviation="1 %d"/>`, n) }, 100},
		"uses":       {func(n int) string { return `<g id="a"/>` + repeat(`<use href="#a"/>`, n) }, 10_000},
		"used paths": {func(n int) string {
			return `<path id="a" d="M` + repeat(" ", 99*1024-1) + `"/>` + repeat(`<use href="#a"/>`, n)
		}, 99},
		"chain":      {func(n int) string { return `<g id="a0"/>` + chain(`<use id="a%d" href="#a%d"/>`, n) }, 10},
		"nested svg": {func(n int) string { return repeat("<svg>", n) + repeat("</svg>", n) }, 10},
		"patterns": {func(n int) string {
			return `<pattern id="a0"/>` + chain(`<pattern id="a%d"><rect fill="url(#a%d)"/></pattern>`, n)
		}, 10},
		"gradients": {func(n int) string {
			return `<linearGradient id="a0"/>` + chain(`<linearGradient id="a%d" href="#a%d"/>`, n)
		}, 10},
		"masks": {func(n int) string {
			return `<mask id="a0"/>` + chain(`<mask id="a%d"><g style="mask:url(#a%d)"/></mask>`, n)
		}, 10},
		"painted": {func(n int) string {
			return `<pattern id="p">` + repeat("<g/>", 99) + `</pattern><g fill="url(#p)">` + repeat("<rect/>", n) + `</g>`
		}, 100},
		"painted by use": {func(n int) string {
			return `<pattern id="p">` + repeat("<g/>", 98) + `</pattern><rect id="r"/><g fill="url(#p)">` + repeat(`<use href="#r"/>`, n) + `</g>`
		}, 100},
		"painted by style": {func(n int) string {
			return `<style>svg .p{fill:url(#p)}</style><pattern id="p">` + repeat("<g/>", 99) + `</pattern>` + repeat("<rect class='o p'/>", n)
		}, 100},
		"marked": {func(n int) string {
			return `<marker id="m">` + repeat("<g/>", 99) + `</marker><g marker-mid="url(#m)"><path d="` + repeat("1,", n) + `"/></g>`
		}, 100},
		"groups": {func(n int) string { return repeat(`<g opacity="0.5"/>`, n) }, 10_000},
		"filters": {func(n int) string {
			return `<filter id="f"><feTurbulence numOctaves="5"/></filter>` + repeat(`<g filter="url(#f)"/>`, n)
		}, 37},
		"filters by style": {func(n int) string {
			return `<style>rect{filter:url(#f)}</style><filter id="f"><feTurbulence numOctaves="5"/></filter>` + repeat(`<rect/>`, n)
		}, 37},
		"dashes": {func(n int) string {
			return fmt.Sprintf(`<g stroke-dasharray="4 4"><path d="M0,0h%d"/></g>`, n)
		}, 1_000_000},
		"dashes by style": {func(n int) string {
			return fmt.Sprintf(`<style>*{stroke-dasharray:8px}</style><line x2="%d"/>`, n/2)
		}, 1_000_000},
		"styling": {func(n int) string {
			return "<style>" + repeat("a b{fill:red}", n) + "</style>" + repeat("<g/>", 9_998)
		}, 166},
		"dashes of many lengths": {func(n int) string {
			return fmt.Sprintf(`<path stroke-dasharray="%s" d="M0,0h%d"/>`, repeat("1 ", 1000), n)
		}, 250_000},
		"one text":           {func(n int) string { return "<text>" + repeat("a", n) + "</text>" }, 8_350},
		"one text in pieces": {func(n int) string { return "<text>" + repeat("a<!-- -->", n) + "</text>" }, 8_350},
		"texts":              {func(n int) string { return repeat("<text>"+repeat("a", 100)+"</text>", n) }, 1190},
		"a text used": {func(n int) string {
			return `<text id="t">` + repeat("a", 100) + "</text>" + repeat(`<use href="#t"/>`, n)
		}, 1190},
	} {
		if got, err := svg.Sanitize([]byte(drawing(tt.make(tt.most)))); err != nil {
			t.Errorf("%s: at the limit: %v", name, err)
		} else if again, err := svg.Sanitize(got.Data); err != nil || !bytes.Equal(again.Data, got.Data) {
			t.Errorf("%s: once more: %v", name, err)
		}
		if _, err := svg.Sanitize([]byte(drawing(tt.make(tt.most + max(1, tt.most/10))))); fault.Of(err) != fault.Unprocessable {
			t.Errorf("%s: over the limit: %v", name, err)
		}
	}
}

func count(format string, n int) string {
	var s strings.Builder
	for i := range n {
		fmt.Fprintf(&s, format, i)
	}
	return s.String()
}

func chain(format string, n int) string {
	var s strings.Builder
	for i := range n {
		fmt.Fprintf(&s, format, i+1, i)
	}
	return s.String()
}

// TestLoops has what would be drawn forever.
func TestLoops(t *testing.T) {
	for _, content := range []string{
		`<use id="a" href="#a"/>`,
		`<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>`,
		`<defs><g id="a"><use href="#a"/></g></defs>`,
		`<pattern id="p"><rect fill="url(#p)"/></pattern>`,
		`<pattern id="p"><g style="stroke:url(#p)"><rect/></g></pattern>`,
		`<pattern id="p" href="#q"/><pattern id="q" href="#p"/>`,
		`<linearGradient id="p" href="#p"/>`,
		`<mask id="m"><g mask="url(#m)"/></mask>`,
		`<marker id="m"><path d="M0 0" marker-end="url(#m)"/></marker>`,
		`<style>.c{clip-path:url(#c)}</style><clipPath id="c"><rect class="c"/></clipPath>`,
		`<filter id="f"><feImage href="#g"/></filter><g id="g" filter="url(#f)"/>`,
	} {
		if _, err := svg.Sanitize([]byte(drawing(content))); fault.Of(err) != fault.Unprocessable {
			t.Errorf("%s: %v", content, err)
		}
	}
	for _, content := range []string{
		`<linearGradient id="p"><stop/></linearGradient><style>*{fill:url(#p)}</style><rect/>`,
		`<filter id="f"><feFlood/></filter><style>*{filter:url(#f)}</style><rect/>`,
		`<g id="a"><defs><g id="b"/></defs><use href="#b"/></g>`,
	} {
		if _, err := svg.Sanitize([]byte(drawing(content))); err != nil {
			t.Errorf("%s: %v", content, err)
		}
	}
}

// TestBombs holds that what is refused, or harmless, is found out quickly.
func TestBombs(t *testing.T) {
	repeat := strings.Repeat
	laughs := `<g id="a0"><rect/></g>` + chain(`<g id="a%d">`+repeat(`<use href="#a%[2]d"/>`, 10)+`</g>`, 9)
	for name, content := range map[string]string{
		"laughs":     laughs,
		"uses":       `<g id="a0"/>` + chain(`<use id="a%d" href="#a%d"/>`, 15_000),
		"brackets":   `<path fill="` + repeat("rgb(", 400_000) + `"/>`,
		"quotes":     `<path fill="` + repeat("''", 900_000) + `"/>`,
		"rules":      `<style>` + repeat("a{", 900_000) + `</style>`,
		"at-rules":   `<style>` + repeat("@a{", 600_000) + `</style>`,
		"comments":   `<style>` + repeat("/*", 900_000) + `</style>`,
		"selectors":  `<style>` + repeat("a,", 900_000) + `</style>`,
		"properties": `<rect style="` + repeat("fill:url(#a);", 140_000) + `"/>`,
		"classes":    `<g class="` + repeat("a ", 900_000) + `"/>`,
		"references": `<style>` + repeat(".a{fill:url(#p)}", 100_000) + `</style>` + repeat(`<rect class="a b a"/>`, 400) + `<pattern id="p"/>`,
		"numbers":    `<path d="` + repeat("l1-1", 500_000) + `"/>`,
	} {
		start := time.Now()
		_, err := svg.Sanitize([]byte(drawing(content)))
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s took %v: %v", name, took, err)
		}
	}
}
