package signing_test

import (
	"fmt"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/signing"
)

func Example() {
	clock := time.Date(2026, time.November, 18, 10, 0, 0, 0, time.UTC)
	v, err := signing.New(signing.Policy{
		Keys: []signing.Key{{ID: "key-1", Token: "secret-token"}},
		Free: signing.DefaultFree(),
	}, func() time.Time { return clock })
	if err != nil {
		fmt.Println(err)
		return
	}

	pbs, err := v.Sign("/v2/demo/t.resize(w:320)/a.jpg", "", "key-1", clock.Add(time.Hour).Unix())
	fmt.Println("pbs:", pbs, err)

	claim := signing.Claim{
		Raw:       "/v2/demo/t.resize(w:320)/a.jpg",
		Canonical: "/v2/demo/t.resize(w:320)/a.jpg",
		Decoded:   "/v2/demo/t.resize(w:320)/a.jpg",
		PBS:       pbs, PBE: "1794999600", PBT: "key-1",
	}
	grant, err := v.Verify(claim)
	fmt.Println("now:", grant, err)

	claim.Query, claim.Keys = "dpr=2", []string{"dpr"}
	_, err = v.Verify(claim)
	fmt.Println("dpr added:", fault.Message(err))

	clock = clock.Add(time.Hour + time.Second)
	fmt.Println("an hour later:", fault.Message(v.Live(grant)))
	// Output:
	// pbs: b84240349037720615cb69003155ddddf83dabd01666e58ba723b6d11a551572 <nil>
	// now: {key-1 1794999600} <nil>
	// dpr added: signature does not cover dpr
	// an hour later: signature expired
}
