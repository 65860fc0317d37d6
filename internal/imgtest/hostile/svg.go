package hostile

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"strings"
)

// drawing is an SVG of the size of the seeds.
func drawing(body string) []byte { return sized(seedWidth, seedHeight, body) }

func sized(w, h int, body string) []byte {
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="%d" height="%d">%s</svg>`, w, h, body)
}

// laughs declares entities that unfold to a billion, in front of body.
func laughs(body string) string {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE svg [<!ENTITY a "ha">`)
	for e := 'b'; e <= 'j'; e++ {
		fmt.Fprintf(&b, `<!ENTITY %c "%s">`, e, strings.Repeat(fmt.Sprintf("&%c;", e-1), 10))
	}
	return b.String() + "]>" + body
}

// gzipped compresses data and n MB of spaces behind it.
func gzipped(data []byte, n int) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data) // a buffer takes everything
	for range n {
		_, _ = w.Write(text(" ", 1<<20))
	}
	_ = w.Close()
	return b.Bytes()
}

func dataURI(mime string, data []byte) string {
	return "data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(data)
}

// svgReferences reach for files, hosts and what runs. What is drawn without them
// is right too.
func svgReferences(c *corpus, _ seeds) {
	text := func(s string) []byte { return []byte(s) }
	root := `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="64">`
	c.refused("svg/entities-billion-laughs", text(laughs(root+`<text y="9">&j;</text></svg>`)))
	c.refused("svg/entities-quadratic", text(`<!DOCTYPE svg [<!ENTITY a "`+strings.Repeat("a", 60_000)+`">]>`+root+`<text>`+strings.Repeat("&a;", 60_000)+`</text></svg>`))
	c.refused("svg/entities-file", text(`<!DOCTYPE svg [<!ENTITY f SYSTEM "file:///etc/passwd">]>`+root+`<text y="9">&f;</text></svg>`))
	c.refused("svg/entities-parameter", text(`<!DOCTYPE svg [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>`+root+`</svg>`))
	c.refused("svg/entities-loop", text(`<!DOCTYPE svg [<!ENTITY a "&b;"><!ENTITY b "&a;">]>`+root+`<text>&a;</text></svg>`))
	c.either("svg/doctype-external", 96, 64, text(`<!DOCTYPE svg SYSTEM "http://127.0.0.1:9/svg.dtd">`+root+`</svg>`))
	c.either("svg/doctype-public", 96, 64, text(`<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">`+root+`</svg>`))
	c.either("svg/instruction-stylesheet", 96, 64, text(`<?xml-stylesheet href="file:///etc/passwd" type="text/css"?>`+root+`</svg>`))
	c.either("svg/instruction-10000", 96, 64, text(strings.Repeat("<?a b?>", 10_000)+root+`</svg>`))
	c.either("svg/xinclude", 96, 64, drawing(`<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>`))
	for _, target := range []part{
		{"file", text("file:///etc/passwd")},
		{"path", text("/etc/passwd")},
		{"relative", text("../secret.png")},
		{"http", text("http://127.0.0.1:9/a.png")},
		{"metadata", text("http://169.254.169.254/latest/meta-data/")},
		{"protocol-relative", text("//127.0.0.1/a.png")},
		{"script", text("javascript:alert(1)")},
		{"php", text("php://filter/x")},
		{"html", text("data:text/html,&lt;script&gt;alert(1)&lt;/script&gt;")},
		{"nested-svg", text(dataURI("image/svg+xml", drawing(`<image href="file:///etc/passwd" width="9" height="9"/>`)))},
		{"text", text(dataURI("text/plain", []byte("root:x:0:0")))},
		{"proc", text("file:///proc/self/environ")},
		{"device", text("file:///dev/zero")},
		{"pipe", text("file:///dev/stdin")},
	} {
		name, uri := target.name, string(target.data)
		c.either("svg/image-"+name, 96, 64, drawing(`<image xlink:href="`+uri+`" width="96" height="64"/>`))
		c.either("svg/feimage-"+name, 96, 64, drawing(`<filter id="f"><feImage href="`+uri+`"/></filter><rect width="9" height="9" filter="url(#f)"/>`))
		c.either("svg/use-"+name, 96, 64, drawing(`<use href="`+uri+`#a"/>`))
		c.either("svg/style-"+name, 96, 64, drawing(`<style>@import url("`+uri+`"); @font-face{font-family:a;src:url("`+uri+`")} rect{fill:url("`+uri+`")}</style><rect width="9" height="9"/>`))
	}
	for _, body := range []part{
		{"script", text(`<script>while(true){}</script>`)},
		{"handler", text(`<rect width="9" height="9" onload="alert(1)" onclick="alert(1)"/>`)},
		{"foreign", text(`<foreignObject width="96" height="64"><body xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script><iframe src="file:///etc/passwd"/></body></foreignObject>`)},
		{"animate", text(`<a><rect width="9" height="9"/><animate attributeName="href" values="javascript:alert(1)"/></a>`)},
		{"set", text(`<rect width="9" height="9"><set attributeName="onmouseover" to="alert(1)"/></rect>`)},
		{"link", text(`<a href="javascript:alert(1)"><rect width="9" height="9"/></a>`)},
		{"cdata", text(`<style><![CDATA[</style><script>alert(1)</script>]]></style>`)},
		{"base", text(`<g xml:base="file:///etc/"><image href="passwd" width="9" height="9"/></g>`)},
		{"cursor", text(`<cursor href="file:///etc/passwd"/>`)},
		{"font", text(`<font-face-uri href="file:///etc/passwd"/>`)},
		{"tref", text(`<text y="9"><tref href="file:///etc/passwd"/></text>`)},
		{"handler-element", text(`<handler type="text/ecmascript">alert(1)</handler>`)},
	} {
		c.either("svg/active-"+body.name, 96, 64, drawing(string(body.data)))
	}
}

// svgBombs are small, and refer to themselves or nest without end.
func svgBombs(c *corpus, _ seeds) {
	var uses strings.Builder
	uses.WriteString(`<rect id="u0" width="9" height="9"/>`)
	for i := range 9 {
		fmt.Fprintf(&uses, `<g id="u%d">%s</g>`, i+1, strings.Repeat(fmt.Sprintf(`<use href="#u%d"/>`, i), 10))
	}
	c.refused("svg/bomb-use", drawing(`<defs>`+uses.String()+`</defs><use href="#u9"/>`))
	c.refused("svg/bomb-use-in-place", drawing(uses.String()))
	c.either("svg/bomb-use-loop", 96, 64, drawing(`<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>`))
	c.either("svg/bomb-use-itself", 96, 64, drawing(`<use id="a" href="#a"/>`))
	c.refused("svg/bomb-elements-1-million", drawing(strings.Repeat(`<g/>`, 1_000_000)))
	for _, tag := range []string{"g", "svg", "defs", "a", "text", "clipPath", "mask", "symbol", "switch", "unknown"} {
		for _, n := range []int{2000, 100_000} {
			c.refused(fmt.Sprintf("svg/bomb-nested-%d-%s", n, tag), drawing(strings.Repeat("<"+tag+">", n)+strings.Repeat("</"+tag+">", n)))
		}
	}
	c.refused("svg/bomb-nested-open", drawing(strings.Repeat("<g>", 500_000)))
}

// svgFilters have steps that take long, or regions that take memory.
func svgFilters(c *corpus, _ seeds) {
	filter := func(steps string) []byte {
		return sized(2000, 2000, `<filter id="f" x="0" y="0" width="1" height="1">`+steps+`</filter><rect width="2000" height="2000" filter="url(#f)"/>`)
	}
	for _, steps := range []part{
		{"turbulence-1e8", []byte(`<feTurbulence baseFrequency=".1" numOctaves="100000000"/>`)},
		{"turbulence-50", []byte(strings.Repeat(`<feTurbulence baseFrequency=".1" numOctaves="5"/>`, 50))},
		{"blur-1e6", []byte(`<feGaussianBlur stdDeviation="1000000"/>`)},
		{"blur-1000", []byte(strings.Repeat(`<feGaussianBlur stdDeviation="90"/>`, 1000))},
		{"morphology", []byte(`<feMorphology operator="dilate" radius="100000"/>`)},
		{"convolve", []byte(`<feConvolveMatrix order="300" kernelMatrix="` + strings.Repeat("1 ", 90_000) + `"/>`)},
		{"offset", []byte(`<feOffset dx="1e30" dy="1e30"/>`)},
		{"tile", []byte(`<feFlood x="0" y="0" width=".0001" height=".0001"/><feTile/>`)},
		{"lighting", []byte(strings.Repeat(`<feSpecularLighting><fePointLight x="1" y="1" z="1"/></feSpecularLighting>`, 100))},
		{"displacement", []byte(strings.Repeat(`<feDisplacementMap in="SourceGraphic" in2="SourceGraphic" scale="1e9"/>`, 100))},
		{"image-loop", []byte(`<feImage href="#loop"/>`)},
	} {
		c.either("svg/bomb-filter-"+steps.name, 2000, 2000, filter(string(steps.data)))
	}
	c.either("svg/bomb-filter-region", 96, 64, drawing(`<filter id="f" x="-1e6" y="-1e6" width="2e6" height="2e6"><feGaussianBlur stdDeviation="9"/></filter><rect width="9" height="9" filter="url(#f)"/>`))
	c.either("svg/bomb-filter-resolution", 96, 64, drawing(`<filter id="f" filterRes="100000 100000"><feFlood/></filter><rect width="9" height="9" filter="url(#f)"/>`))
	c.either("svg/bomb-filters-nested", 2000, 2000, sized(2000, 2000, `<filter id="f"><feGaussianBlur stdDeviation="50"/></filter>`+
		strings.Repeat(`<g filter="url(#f)">`, 90)+`<rect width="2000" height="2000"/>`+strings.Repeat("</g>", 90)))
	c.either("svg/bomb-masks-nested", 2000, 2000, sized(2000, 2000, `<mask id="m"><rect width="2000" height="2000" fill="#fff"/></mask>`+
		strings.Repeat(`<g mask="url(#m)" opacity=".9">`, 90)+`<rect width="2000" height="2000"/>`+strings.Repeat("</g>", 90)))
}

// svgPaints repeat what is drawn by patterns, dashes, markers and shapes.
func svgPaints(c *corpus, _ seeds) {
	var patterns strings.Builder
	for i := range 9 {
		fmt.Fprintf(&patterns, `<pattern id="p%d" width=".01" height=".01"><rect width="900" height="900" fill="url(#p%d)"/></pattern>`, i+1, i)
	}
	c.either("svg/bomb-patterns-nested", 2000, 2000, sized(2000, 2000, patterns.String()+`<rect width="2000" height="2000" fill="url(#p9)"/>`))
	c.either("svg/bomb-pattern-tiny", 2000, 2000, sized(2000, 2000, `<pattern id="p" width="1e-9" height="1e-9" patternUnits="userSpaceOnUse"><rect width="1" height="1"/></pattern><rect width="2000" height="2000" fill="url(#p)"/>`))
	c.either("svg/bomb-pattern-huge", 96, 64, drawing(`<pattern id="p" width="1e9" height="1e9" patternUnits="userSpaceOnUse"><rect width="1" height="1"/></pattern><rect width="96" height="64" fill="url(#p)"/>`))
	c.either("svg/bomb-pattern-itself", 96, 64, drawing(`<pattern id="p" width="9" height="9"><rect width="9" height="9" fill="url(#p)"/></pattern><rect width="96" height="64" fill="url(#p)"/>`))
	for _, dash := range []string{"0.000001", "1e-30", "0.001 0.001", strings.Repeat("0.01 ", 10_000)} {
		c.either(fmt.Sprintf("svg/bomb-dashes-%.8s", strings.ReplaceAll(dash, " ", "-")), 2000, 2000,
			sized(2000, 2000, `<path d="M0 0H1e6V1e6H0" stroke="red" fill="none" stroke-dasharray="`+dash+`"/>`))
	}
	c.either("svg/bomb-markers", 2000, 2000, sized(2000, 2000, `<marker id="m" markerWidth="900" markerHeight="900"><rect width="900" height="900"/></marker><path marker-mid="url(#m)" d="M0 0`+strings.Repeat("L1 1", 100_000)+`"/>`))
	c.either("svg/bomb-path-1-million", 2000, 2000, sized(2000, 2000, `<path d="M0 0`+strings.Repeat("l9 9", 400_000)+`"/>`))
	c.either("svg/bomb-path-curves", 2000, 2000, sized(2000, 2000, `<path stroke="red" stroke-width="500" d="M0 0`+strings.Repeat("q9e3 9-9e3 9", 100_000)+`"/>`))
	c.either("svg/bomb-text-1-million", 2000, 2000, sized(2000, 2000, `<text font-size="1e6">`+strings.Repeat("a", 1_000_000)+`</text>`))
	gradient := `<linearGradient id="g"><stop stop-color="red"/><stop offset="1" stop-color="blue"/></linearGradient>`
	c.either("svg/bomb-gradients-15000", 2000, 2000, sized(2000, 2000, gradient+strings.Repeat(`<rect width="2000" height="2000" fill="url(#g)"/>`, 15_000)))
	c.either("svg/bomb-fills-19000", 6000, 6000, sized(6000, 6000, strings.Repeat(`<rect width="6000" height="6000" fill="red" opacity=".5"/>`, 19_000)))
	c.either("svg/bomb-gradient-stops", 96, 64, drawing(`<linearGradient id="g">`+strings.Repeat(`<stop/>`, 100_000)+`</linearGradient><rect width="96" height="64" fill="url(#g)"/>`))
	c.either("svg/bomb-gradient-loop", 96, 64, drawing(`<linearGradient id="g" href="#h"/><linearGradient id="h" href="#g"/><rect width="96" height="64" fill="url(#g)"/>`))
	c.either("svg/bomb-clip-loop", 96, 64, drawing(`<clipPath id="c" clip-path="url(#c)"><rect width="9" height="9"/></clipPath><rect width="96" height="64" clip-path="url(#c)"/>`))
	c.either("svg/bomb-styles", 96, 64, drawing(`<style>`+strings.Repeat(strings.Repeat("g ", 6)+`* {fill:red}`, 10_000)+`</style>`+strings.Repeat(`<g>`, 90)+strings.Repeat(`</g>`, 90)))
	c.refused("svg/bomb-attributes-100000", drawing("<g"+attributes(100_000)+"/>"))
}

// svgEmbedded have pictures in them, or are packed.
func svgEmbedded(c *corpus, _ seeds) {
	embedded := dataURI("image/png", pngOf(30000, 30000, 1, grey, 0))
	c.refused("svg/bomb-embedded-900mp", drawing(`<image href="`+embedded+`" width="96" height="64"/>`))
	c.either("svg/bomb-embedded-jpeg", 96, 64, drawing(`<image href="`+dataURI("image/jpeg", progressive(65500, 65500, full)[:100_000])+`" width="96" height="64"/>`))
	c.either("svg/bomb-embedded-scans", 96, 64, drawing(`<image href="`+dataURI("image/jpeg", progressive(256, 256, mono, bytes.Repeat(refinement(256, 256, 1, 1, 63, 0), 5000)))+`" width="96" height="64"/>`))
	c.either("svg/bomb-embedded-49mp-100-times", 96, 64, drawing(`<image id="i" href="`+dataURI("image/png", pngOf(7000, 7000, 1, grey, 0))+`" width="96" height="64"/>`+strings.Repeat(`<use href="#i"/>`, 100)))
	c.refused("svg/bomb-zipped-300mb", gzipped(drawing(""), 300))
	c.refused("svg/bomb-zipped-twice", gzipped(gzipped(drawing(""), 1), 0))
	c.refused("svg/zipped", gzipped(drawing(""), 0))
}

func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ` a%d=""`, i)
	}
	return b.String()
}

// svgOdd have sizes that are none, too large, or not said.
func svgOdd(c *corpus, _ seeds) {
	for _, size := range [][2]int{{1_000_000, 1_000_000}, {1 << 31, 1 << 31}, {30001, 1}, {1, 30001}, {8000, 8000}} {
		c.refused(fmt.Sprintf("svg/size-%dx%d", size[0], size[1]), sized(size[0], size[1], `<rect width="9" height="9"/>`))
	}
	file := strings.NewReplacer(" ", "-", "%", "-percent", "(", "-", ")", "") // names of files and URLs
	for _, w := range []string{"0", "-5", "1e300", "NaN", "1e-30", "99999999999999999999px", "100%", "", "10000in", "calc(9)"} {
		c.either("svg/size-of-"+file.Replace(w), 0, 0, fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s"><rect width="9" height="9"/></svg>`, w, w))
	}
	for _, box := range []string{"0 0 0 0", "0 0 1e30 1e30", "0 0 -1 -1", "0 0 1000000 1000000", "1e30 1e30 1 1", "a b c d", "0 0 1e-30 1e-30"} {
		c.either("svg/box-"+file.Replace(box), 0, 0, fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="%s"><rect width="9" height="9"/></svg>`, box))
	}
	right := drawing(`<rect width="50" height="40" fill="red"/>`)
	c.rendered("svg/odd-mark", 96, 64, join([]byte("\xef\xbb\xbf"), right))
	c.rendered("svg/odd-declared", 96, 64, join([]byte(`<?xml version="1.0" encoding="UTF-8"?>`), right))
	c.rendered("svg/odd-commented", 96, 64, join([]byte("<!-- a drawing -->\n"), right))
	c.rendered("svg/odd-empty", 96, 64, drawing(""))
	c.rendered("svg/odd-1x1", 1, 1, sized(1, 1, ""))
	c.either("svg/odd-utf16", 0, 0, []byte("\xff\xfe<\x00s\x00v\x00g\x00 \x00/\x00>\x00"))
	c.either("svg/odd-latin1", 0, 0, join([]byte(`<?xml version="1.0" encoding="ISO-8859-1"?>`), drawing("<text>\xe9</text>")))
	c.refused("svg/lie-not-closed", right[:len(right)-6])
	c.refused("svg/lie-crossed", drawing("<g><a></g></a>"))
	c.refused("svg/lie-nul", drawing("<text>\x00</text>"))
	c.either("svg/lie-two-roots", 96, 64, join(right, right))
}
