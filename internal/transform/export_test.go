package transform

// Colors lists the operations that change colors.
func Colors() []Spec { return colors() }
