package hostile_test

import (
	"crypto/sha256"
	"regexp"
	"strings"
	"testing"

	"pixedge/internal/imgtest/hostile"
)

// TestPictures holds the corpus to its own promises.
func TestPictures(t *testing.T) {
	pictures := hostile.Pictures(t)
	if len(pictures) < 600 {
		t.Errorf("%d pictures", len(pictures))
	}
	name := regexp.MustCompile(`^[a-z]+(-[a-z]+)*/[A-Za-z0-9.+-]+$`)
	seen, families := map[string]bool{}, map[string]int{}
	total := 0
	for _, p := range pictures {
		if seen[p.Name] || !name.MatchString(p.Name) {
			t.Errorf("%q is there twice, or no name", p.Name)
		}
		seen[p.Name] = true
		family, _, _ := strings.Cut(p.Name, "/")
		families[family]++
		total += len(p.Data)
		if p.Want < hostile.Refused || p.Want > hostile.Either {
			t.Errorf("%s wants nothing", p.Name)
		}
		if p.Want == hostile.Rendered && (p.Width < 1 || p.Height < 1) {
			t.Errorf("%s has no size", p.Name)
		}
	}
	if total > 200<<20 {
		t.Errorf("%d bytes in all", total)
	}
	t.Logf("%d pictures, %d MB: %v", len(pictures), total>>20, families)
	if sum(pictures) != sum(hostile.Pictures(t)) {
		t.Error("another run makes other pictures")
	}
}

func sum(pictures []hostile.Picture) [32]byte {
	h := sha256.New()
	for _, p := range pictures {
		h.Write([]byte(p.Name))
		h.Write(p.Data)
	}
	return [32]byte(h.Sum(nil))
}
