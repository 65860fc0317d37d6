package svg

// A kind says what an element is to the renderer, and so what to do with it.
type kind uint8

const (
	dropped    kind = iota // not written, nor anything in it
	container              // draws what is in it
	definition             // draws what is in it when something refers to it
	gradient               // paints when something refers to it
	part                   // belongs to a gradient or a filter primitive
	primitive              // a step of a filter
	shape                  // draws lines and areas
	picture                // draws an embedded picture
	lettering              // draws text
	words                  // text that is not drawn
	sheet                  // style rules
)

// kindOf has the elements of SVG 1.1 and 2 that a still drawing needs. What is
// not here is dropped: script, foreignObject, animation, fonts, media, metadata.
func kindOf(element string) kind {
	switch element {
	case "svg", "g", "switch", "use":
		return container
	case "defs", "symbol", "clipPath", "mask", "pattern", "marker", "filter":
		return definition
	case "linearGradient", "radialGradient":
		return gradient
	case "stop", "feMergeNode", "feFuncR", "feFuncG", "feFuncB", "feFuncA",
		"feDistantLight", "fePointLight", "feSpotLight":
		return part
	case "feBlend", "feColorMatrix", "feComponentTransfer", "feComposite", "feConvolveMatrix",
		"feDiffuseLighting", "feDisplacementMap", "feDropShadow", "feFlood", "feGaussianBlur",
		"feImage", "feMerge", "feMorphology", "feOffset", "feSpecularLighting", "feTile", "feTurbulence":
		return primitive
	case "path", "rect", "circle", "ellipse", "line", "polyline", "polygon":
		return shape
	case "image":
		return picture
	case "text", "tspan", "textPath":
		return lettering
	case "title", "desc":
		return words
	case "style":
		return sheet
	}
	return dropped
}

// isProperty reports whether name is a style property that is kept, in style
// sheets, style attributes and as an attribute of its own. Properties that give
// an element its size are not among them: what a drawing measures is said by
// attributes alone.
func isProperty(name string) bool {
	switch name {
	case "alignment-baseline", "baseline-shift", "clip-path", "clip-rule", "color",
		"color-interpolation", "color-interpolation-filters", "color-rendering", "direction",
		"display", "dominant-baseline", "fill", "fill-opacity", "fill-rule", "filter",
		"flood-color", "flood-opacity", "font", "font-family", "font-feature-settings",
		"font-kerning", "font-size", "font-size-adjust", "font-stretch", "font-style",
		"font-variant", "font-variant-caps", "font-variant-east-asian", "font-variant-ligatures",
		"font-variant-numeric", "font-variant-position", "font-variation-settings", "font-weight",
		"glyph-orientation-horizontal", "glyph-orientation-vertical", "image-rendering",
		"isolation", "kerning", "letter-spacing", "lighting-color", "line-height", "marker",
		"marker-end", "marker-mid", "marker-start", "mask", "mask-type", "mix-blend-mode",
		"opacity", "overflow", "paint-order", "shape-rendering", "stop-color", "stop-opacity",
		"stroke", "stroke-dasharray", "stroke-dashoffset", "stroke-linecap", "stroke-linejoin",
		"stroke-miterlimit", "stroke-opacity", "stroke-width", "text-align", "text-anchor",
		"text-decoration", "text-decoration-color", "text-decoration-line",
		"text-decoration-style", "text-indent", "text-orientation", "text-rendering",
		"transform", "transform-box", "transform-origin", "unicode-bidi", "vector-effect",
		"visibility", "white-space", "word-spacing", "writing-mode":
		return true
	}
	return false
}

// isAttribute reports whether name is an attribute that is kept as it is once
// its value is found harmless. Those with rules of their own are in reader.value.
// The units in which filters work (filterRes, kernelUnitLength) are left out,
// for they only multiply work.
func isAttribute(name string) bool {
	switch name {
	case "amplitude", "azimuth", "baseFrequency", "bias", "clipPathUnits", "cx", "cy", "d",
		"diffuseConstant", "divisor", "dx", "dy", "edgeMode", "elevation", "exponent",
		"filterUnits", "fr", "fx", "fy", "gradientTransform", "gradientUnits", "height", "in",
		"in2", "intercept", "k1", "k2", "k3", "k4", "kernelMatrix", "lengthAdjust",
		"limitingConeAngle", "markerHeight", "markerUnits", "markerWidth", "maskContentUnits",
		"maskUnits", "method", "mode", "numOctaves", "offset", "operator", "order", "orient",
		"pathLength", "patternContentUnits", "patternTransform", "patternUnits", "points",
		"pointsAtX", "pointsAtY", "pointsAtZ", "preserveAlpha", "preserveAspectRatio",
		"primitiveUnits", "r", "radius", "refX", "refY", "result", "rotate", "rx", "ry", "scale",
		"seed", "side", "slope", "spacing", "specularConstant", "specularExponent",
		"spreadMethod", "startOffset", "stdDeviation", "stitchTiles", "surfaceScale",
		"systemLanguage", "tableValues", "targetX", "targetY", "textLength", "type", "values",
		"version", "viewBox", "width", "x", "x1", "x2", "xChannelSelector", "xml:lang",
		"xml:space", "y", "y1", "y2", "yChannelSelector", "z":
		return true
	}
	return false
}

// isMeasure reports whether the attribute says where the lines of a shape go.
func isMeasure(name string) bool {
	switch name {
	case "d", "points", "x", "y", "width", "height", "cx", "cy", "r", "rx", "ry",
		"x1", "y1", "x2", "y2", "pathLength":
		return true
	}
	return false
}

// isFunction reports whether the function may be in the value of a property or
// attribute, written in small letters. None of them loads anything; url is looked
// at on its own. The functions of the filter property are left out, because a
// filter element can be counted and they cannot.
func isFunction(name string) bool {
	switch name {
	case "rgb", "rgba", "hsl", "hsla", "icc-color",
		"matrix", "translate", "translatex", "translatey", "scale", "scalex", "scaley",
		"rotate", "skew", "skewx", "skewy":
		return true
	}
	return false
}
