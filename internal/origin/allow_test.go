package origin_test

import (
	"strconv"
	"strings"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/origin"
)

// What comes of asking for a link.
const (
	through   = "address not allowed"
	refused   = "host not allowed"
	badHost   = "host of the link is not valid"
	badLink   = "link is not valid"
	character = "link holds a character that is not allowed"
	user      = "a link holds no user name"
	absent    = "no such picture"
	scheme    = "a link begins with http:// or https://"
)

type linkTest struct{ allow, link, want string }

// run asks for links that must not be fetched. The guard lets nothing private
// through, and all hosts that are allowed are private addresses or do not
// exist, so that "address not allowed" says that the list let the host
// through, and no packet is sent in any case.
func (tt linkTest) run(t *testing.T) {
	t.Helper()
	source, err := origin.Remote(hosts(), []string{tt.allow}, origin.NewGuard(nil))
	if err != nil {
		t.Fatalf("Remote(%q): %v", tt.allow, err)
	}
	_, err = origin.New(roomy(), source).Fetch(t.Context(), tt.link)
	if got := fault.Message(err); got != tt.want {
		t.Errorf("with %s, %q: %v, message %q; want %q", tt.allow, tt.link, err, got, tt.want)
	}
}

// TestAllow is about the list itself.
func TestAllow(t *testing.T) {
	for _, tt := range []linkTest{
		{"127.0.0.1", "http://127.0.0.1/a", through},
		{"127.0.0.1", "https://127.0.0.1/a", through},
		{"127.0.0.1", "HTTPS://127.0.0.1/a", through},
		{"127.0.0.1", "http://127.0.0.1:443/a", through},
		{"127.0.0.1", "http://127.0.0.1:8080/a", refused},
		{"127.0.0.1", "http://127.0.0.1:22/a", refused},
		{"127.0.0.1:8080", "http://127.0.0.1:8080/a", through},
		{"127.0.0.1:8080", "http://127.0.0.1/a", refused},
		{"127.0.0.1:8080", "http://127.0.0.1:8081/a", refused},
		{"127.0.0.1", "http://127.0.0.2/a", refused},
		{"localhost", "http://localhost/a", through},
		{"LocalHost", "http://lOCALhOST/a", through},
		{"[::1]", "http://[::1]/a", through},
		{"[0:0:0:0:0:0:0:1]", "http://[::1]/a", through},
		{"[::1]", "http://[0::0:1]:80/a", through},
		{"[::1]:8080", "http://[::1]:8080/a", through},
		{"[::1]", "http://[::1]:8080/a", refused},
		{"[::1]", "http://[::2]/a", refused},
		{"*", "http://127.0.0.1/a", through},
		{"*", "http://[fe80::1]/a", through},
		{"*", "http://127.0.0.1:8080/a", refused},
		{"*:8080", "http://127.0.0.1:8080/a", through},
		{"*:8080", "http://127.0.0.1/a", refused},
		{"*.localhost", "http://localhost/a", refused},
		{"*.example.com", "http://example.com/a", refused},
		{"*.example.com", "http://badexample.com/a", refused},
		{"*.example.com", "http://a.example.com.evil.test/a", refused},
		{"*.example.com", "http://.example.com/a", badHost},
		{"*.example.com:8080", "http://a.example.com/a", refused},
	} {
		tt.run(t)
	}
}

// TestLinkTricks has links that look as if they led to good.test.
func TestLinkTricks(t *testing.T) {
	for _, tt := range []linkTest{
		{"good.test", "http://evil.test/?x=good.test", refused},
		{"good.test", "http://good.test.evil.test/a", refused},
		{"good.test", "http://evilgood.test/a", refused},
		{"good.test", "http://goodxtest/a", refused},
		{"good.test", "http://evil.test/good.test", refused},
		{"good.test", "http://good.test@evil.test/a", user},
		{"good.test", "http://good.test:80@evil.test/a", user},
		{"good.test", "http://evil.test@good.test/a", user},
		{"good.test", "http://@good.test/a", user},
		{"good.test", "http://evil.test#@good.test/a", character},
		{"good.test", `http://evil.test\@good.test/a`, character},
		{"good.test", `http:\\good.test/a`, absent},
		{"good.test", "http://good.test\x00.evil.test/a", character},
		{"good.test", "http://good.test\r\nHost: evil.test/a", character},
		{"good.test", "http://good.test /a", badLink},
		{"good.test", "http://good.test%2eevil.test/a", badLink},
		{"good.test", "http://good.test%00/a", badLink},
		{"good.test", "http://good.test./a", badHost},
		{"good.test", "http://good..test/a", badHost},
		{"good.test", "http://goo\u0501.test/a", badHost},
		{"good.test", "http://good\u3002test/a", badHost},
		{"good.test", "http:///a", badHost},
		{"good.test", "http://:80/a", badHost},
		{"good.test", "http://good.test:/a", badHost},
		{"good.test", "http://good.test:0/a", badHost},
		{"good.test", "http://good.test:080/a", badHost},
		{"good.test", "http://good.test:65536/a", badHost},
		{"good.test", "http://good.test:80:80/a", badLink},
		{"good.test", "http://good.test:http/a", badLink},
	} {
		tt.run(t)
	}
}

// TestOddAddresses has addresses as some resolvers, and nobody honest, write
// them.
func TestOddAddresses(t *testing.T) {
	for _, tt := range []linkTest{
		{"*", "http://127.1/a", badHost},
		{"*", "http://127.0.1/a", badHost},
		{"*", "http://2130706433/a", badHost},
		{"*", "http://0x7f000001/a", badHost},
		{"*", "http://0x7f.1/a", badHost},
		{"*", "http://0X7F.0.0.0x1/a", badHost},
		{"*", "http://0177.0.0.1/a", badHost},
		{"*", "http://127.000.000.001/a", badHost},
		{"*", "http://127.0.0.1./a", badHost},
		{"*", "http://256.0.0.1/a", badHost},
		{"*", "http://1.2.3.4.5/a", badHost},
		{"*", "http://\uff11\uff12\uff17.0.0.1/a", badHost},
		{"*", "http://\u2460\u2461\u2466.0.0.1/a", badHost},
		{"*", "http://[::1%25lo]/a", badHost},
		{"*", "http://[127.0.0.1]/a", badLink},
		{"*", "http://[::1/a", badLink},
		{"127.0.0.1", "http://[::ffff:127.0.0.1]/a", refused},
		{"*", "http://[::ffff:127.0.0.1]/a", through},
	} {
		tt.run(t)
	}
}

// TestNotLinks has other schemes, and what is no link.
func TestNotLinks(t *testing.T) {
	for _, tt := range []linkTest{
		{"*", "ftp://127.0.0.1/a", scheme},
		{"*", "file:///etc/passwd", scheme},
		{"*", "gopher://127.0.0.1:6379/_", scheme},
		{"*", "s3://bucket/a", scheme},
		{"*", "httpx://127.0.0.1/a", scheme},
		{"*", "javascript://127.0.0.1/%0aalert(1)", scheme},
		{"*", "data:image/png;base64,AAAA", absent},
		{"*", "http:127.0.0.1/a", absent},
		{"*", "//127.0.0.1/a", absent},
		{"*", "://127.0.0.1/a", absent},
		{"*", "path/to/http://127.0.0.1/a", absent},
		{"*", "a.png", absent},
		{"*", "", absent},
		{"*", "http://127.0.0.1/%zz", badLink},
		{"*", "http://127.0.0.1/\xff", character},
	} {
		tt.run(t)
	}
}

func TestRemoteRefusesEntries(t *testing.T) {
	for _, entry := range []string{
		"", " ", "http://good.test", "good.test/path", "user@good.test", "good.test:", "good.test:0", "good.test:99999",
		"good.test:http", "good.test.", "good..test", ".good.test", "-good.test", "good_test-", "*good.test", "*.", "*.*",
		"**", "*:", "*:0", "a.*.test", "*.127.0.0.1", "127.1", "0x7f.1", "2130706433", "127.0.0.01", "::1", "[::1", "[::1]x",
		"[fe80::1%lo]", "[127.0.0.1]", "gööd.test", "good test", strings.Repeat("l", 64) + ".test", strings.Repeat("l.", 127) + "test",
	} {
		_, err := origin.Remote(hosts(), []string{"fine.test", entry}, origin.NewGuard(nil))
		if err == nil {
			t.Errorf("Remote accepts %q", entry)
		} else if !strings.Contains(err.Error(), strconv.Quote(entry)) {
			t.Errorf("the error about %q does not name it: %v", entry, err)
		}
	}
}
