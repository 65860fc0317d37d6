package svg

import "strings"

// most keeps sums and products of estimates finite.
const most = 1e15

// A node is an element that was written.
type node struct {
	name     string
	kind     kind
	parent   int // -1 for the root
	children []int
	id       string
	classes  []string
	pixels   int     // of the picture it embeds
	relative float64 // length of lines in units of the largest viewport or font
	letters  float64 // bytes of the text that stands in it, without its children's
	trait
	total
}

// A trait is what attributes and style rules say that concerns the cost.
type trait struct {
	draws  []string // ids of what is drawn once for the element: use, mask, clip-path, filter
	paints []string // ids of what is drawn once for each shape in the element: fill, stroke
	marks  []string // ids of what is drawn once for each point of a shape: marker
	period float64  // of the shortest dashes of lines in the element; 0 if there are none
	effort float64  // of its layers or of a step of a filter
}

// and returns both traits in one.
func (t trait) and(o trait) trait {
	t.draws = append(t.draws, o.draws...)
	t.paints = append(t.paints, o.paints...)
	t.marks = append(t.marks, o.marks...)
	t.effort = min(t.effort+o.effort, most)
	if o.period > 0 && (t.period == 0 || o.period < t.period) {
		t.period = o.period
	}
	return t
}

// A total is an estimate of what drawing takes, from above. Before the graph is
// walked, that of a node is only of itself.
type total struct {
	tree     float64 // elements drawn where they stand
	extra    float64 // elements drawn by reference
	layers   float64 // see Document.Effort
	shapes   float64
	vertices float64
	length   float64 // of lines, in the units of the drawing
	dashes   float64
	writing  float64 // milliseconds that text takes
	height   int     // of references behind one another
}

// add adds what o takes to be drawn.
func (t *total) add(o total) {
	t.tree = min(t.tree+o.tree, most)
	t.extra = min(t.extra+o.extra, most)
	t.layers = min(t.layers+o.layers, most)
	t.shapes = min(t.shapes+o.shapes, most)
	t.vertices = min(t.vertices+o.vertices, most)
	t.length = min(t.length+o.length, most)
	t.dashes = min(t.dashes+o.dashes, most)
	t.writing = min(t.writing+o.writing, most)
	t.height = max(t.height, o.height)
}

// times returns what drawing it by reference takes, n times.
func (t *total) times(n float64) total {
	return total{extra: n * (t.tree + t.extra), layers: n * t.layers, dashes: n * t.dashes, writing: n * t.writing, height: t.height + 1}
}

// A graph is walked along what draws what.
type graph struct {
	*reader
	state []uint8 // of each node
}

// The states of a node.
const (
	fresh uint8 = iota
	entered
	left
)

// cost returns the estimate for the whole drawing, and refuses one over the
// limits. Parts that are never drawn have to be without loops as well.
func (r *reader) cost() (total, error) {
	if r.styling*len(r.nodes) > maxStyling {
		return total{}, tooMuchStyle()
	}
	g := graph{reader: r, state: make([]uint8, len(r.nodes))}
	for i := range r.nodes {
		if err := g.visit(i, 0); err != nil {
			return total{}, err
		}
	}
	all := r.nodes[0].total
	switch {
	case all.extra > maxExpansion:
		return total{}, refused("draws more than %d elements by reference", maxExpansion)
	case all.layers > maxEffort:
		return total{}, refused("has filters, masks or transparent groups that take too long")
	case all.writing > maxWriting:
		return total{}, refused("has text that takes too long")
	case all.dashes > maxDashes, all.dashes > 0 && r.fixedWidth:
		return total{}, refused("has lines of more than %d dashes", maxDashes)
	}
	return all, nil
}

// visit makes the total of node i, that so many references lead to, complete.
func (g *graph) visit(i, depth int) error {
	n := &g.nodes[i]
	switch {
	case g.state[i] == entered:
		return refused("refers to itself")
	case depth+n.height > maxReferences:
		return refused("has more than %d references behind one another", maxReferences)
	case g.state[i] == left:
		return nil
	}
	g.state[i] = entered
	t := g.traitOf(n)
	n.layers = min(t.effort, most)
	n.writing = n.letters * (effortOfLetter + effortOfLine*n.letters)
	n.length = min(n.length+n.relative*g.extent*g.enlarged, most)
	if err := g.inside(n, depth); err != nil {
		return err
	}
	for _, id := range t.draws {
		if err := g.draw(n, id, depth); err != nil {
			return err
		}
	}
	if err := g.paint(n, t.paints, n.shapes, depth); err != nil {
		return err
	}
	if err := g.paint(n, t.marks, n.vertices, depth); err != nil {
		return err
	}
	if t.period > 0 {
		n.dashes = min(n.dashes+n.length/t.period, most)
	}
	g.state[i] = left
	return nil
}

// inside adds what is drawn in n where it stands.
func (g *graph) inside(n *node, depth int) error {
	for _, i := range n.children {
		child := &g.nodes[i]
		if child.kind == definition || child.kind == gradient {
			continue
		}
		nested := 0
		if child.name == "svg" {
			nested = 1
		}
		if err := g.visit(i, depth+nested); err != nil {
			return err
		}
		n.add(child.total)
		n.height = max(n.height, child.height+nested)
	}
	return nil
}

// draw adds what n draws by reference. The shapes in it take over the paint and
// the dashes of n.
func (g *graph) draw(n *node, id string, depth int) error {
	i, ok := g.ids[id]
	if !ok {
		return nil
	}
	if err := g.visit(i, depth+1); err != nil {
		return err
	}
	o := g.nodes[i].total
	n.add(o.times(1))
	n.add(total{shapes: o.shapes, vertices: o.vertices, length: o.length})
	return nil
}

// paint adds what n draws by reference a number of times.
func (g *graph) paint(n *node, ids []string, times float64, depth int) error {
	if times == 0 {
		return nil
	}
	for _, id := range ids {
		i, ok := g.ids[id]
		if !ok {
			continue
		}
		if err := g.visit(i, depth+1); err != nil {
			return err
		}
		n.add(g.nodes[i].times(times))
	}
	return nil
}

// traitOf returns what a node's attributes and all rules that may be about it
// say. A rule for every element says nothing about gradients and filters.
func (g *graph) traitOf(n *node) trait {
	t := n.trait
	switch n.kind {
	case container, definition, shape, picture, lettering:
	default:
		return t
	}
	if len(g.rules) == 0 || n.name == "filter" {
		return t
	}
	t = t.and(g.rules["*"]).and(g.rules[strings.ToLower(n.name)]).and(g.rules["#"+n.id])
	for _, class := range n.classes {
		t = t.and(g.rules["."+class])
	}
	return t
}
