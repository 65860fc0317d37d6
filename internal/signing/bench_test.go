package signing_test

import (
	"testing"

	"pixedge/internal/signing"
)

func BenchmarkVerify(b *testing.B) {
	v := mustNew(b, policy(signing.Key{ID: "key-1", Token: "secret-token"}), at(expiry))
	const plain, escaped = "v2/demo/t.resize(w:320)/a.jpg", "v2/demo/t.resize%28w:320%29/a%20b.jpg?dpr=2.0&f_auto=true"
	for name, url := range map[string]string{
		"plain":   sign("secret-token", "key-1", plain, plain, "1795000000"),
		"escaped": sign("secret-token", "key-1", escaped, escaped, "1795000000"),
	} {
		c := mustSplit(b, url)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A request that has been verified before costs no allocation.
func TestLiveAllocatesNothing(t *testing.T) {
	v := mustNew(t, policy(), at(expiry))
	g := signing.Grant{KeyID: "key-1", Expires: expiry}
	if n := testing.AllocsPerRun(100, func() {
		if v.Live(g) != nil {
			t.Fatal("not live")
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
