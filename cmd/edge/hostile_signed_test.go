package main

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

func base64Of(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// pbs signs text as PixelBin does.
func pbs(token, text string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// The key of the cloud that asks for signatures, and the picture that is asked for.
const (
	signedToken = "token-of-closed"
	signedPath  = "v2/closed/original/photo.png"
)

// signatures are each wrong in one way (b1 to b17).
func (l *lines) signatures(now time.Time) {
	expiry := strconv.FormatInt(now.Add(time.Hour).Unix(), 10)
	right := pbs(signedToken, signedPath+expiry)
	ask := func(name, path, sig, until, key string) {
		l.get(name, "/"+path+"?pbs="+sig+"&pbe="+until+"&pbt="+key, 400, 401)
	}
	// This one is right, and then the picture is in the cache (b13).
	l.get("signed", "/"+signedPath+"?pbs="+right+"&pbe="+expiry+"&pbt=key-1", 200)
	l.get("b13", "/"+signedPath, 401)
	for _, headers := range []string{"Range: bytes=0-10", "If-None-Match: *", "X-Original-URL: /v2/demo/original/photo.png", "X-Rewrite-URL: /v2/demo/original/photo.png", "Authorization: Bearer key-1", "X-Forwarded-For: 127.0.0.1", "X-HTTP-Method-Override: OPTIONS"} {
		l.all = append(l.all, line{name: "b13 b17 " + headers, want: []int{401}, request: "GET /" + signedPath + " HTTP/1.1\r\nHost: demo\r\n" + headers + "\r\n\r\n"})
	}
	l.all = append(l.all, line{name: "b13 HEAD", want: []int{401}, request: "HEAD /" + signedPath + " HTTP/1.1\r\nHost: x\r\n\r\n"})
	for i := range right { // b3, one digit after the other
		changed := []byte(right)
		changed[i] = "0123456789abcdef"[(strings.IndexByte("0123456789abcdef", right[i])+1)%16]
		ask("b3", signedPath, string(changed), expiry, "key-1")
	}
	for _, sig := range []string{"", "0", right[:63], right + "0", right[:32], strings.Repeat("0", 64), strings.Repeat("g", 64), right + right, "%20" + right, right + "%00", base64Of(right), "null", "true", "*"} {
		ask("b1 b8", signedPath, sig, expiry, "key-1")
	}
	for _, query := range []string{"pbe=" + expiry + "&pbt=key-1", "pbs=" + right + "&pbt=key-1", "pbs=" + right + "&pbe=" + expiry, "pbs=" + right, "pbs", "pbe", "pbt", "pbs&pbe&pbt"} {
		l.get("b1", "/"+signedPath+"?"+query, 400, 401)
	}
	for _, until := range []string{
		strconv.FormatInt(now.Unix()-1, 10), strconv.FormatInt(now.AddDate(-1, 0, 0).Unix(), 10), "0", "1", "-1", "-" + expiry, "+" + expiry, expiry + ".0", expiry + ".5", "1e10", "9e99", "abc", "0" + expiry, expiry + "0",
		"9223372036854775808", "18446744073709551616", "0x7fffffff", "NaN", "Infinity", "", "null", strings.Repeat("9", 100), expiry + "%20", "%20" + expiry, expiry + "%00",
	} {
		ask("b2", signedPath, pbs(signedToken, signedPath+until), until, "key-1")
	}
	l.changed(ask, right, expiry)
	l.forged(ask, expiry)
}

// changed asks with a right signature for something else (b3 to b7).
func (l *lines) changed(ask func(name, path, sig, until, key string), right, expiry string) {
	for _, path := range []string{
		"v2/closed/original/photo.pn", "v2/closed/original/photo.pngx", "v2/closed/original/Photo.png", "v2/closed/t.flip()/photo.png", "v2/closed/info/photo.png", "v2/other/original/photo.png", "v1/closed/original/photo.png",
		"v2/closed/original/%70hoto.png/", "v2/closed/original/photo.png/", "v2/closed/original//photo.png", "v2/closed/original/./photo.png", "v2//closed/original/photo.png", "v2/closed/original/photo%252epng", "v2/closed/original/photo.png%20",
		"v2/closed/original%2fphoto.png", "v2/closed/original/../original/photo.png",
	} {
		ask("b3 b6", path, right, expiry, "key-1")
	}
	signed := "/" + signedPath + "?pbs=" + right + "&pbe=" + expiry + "&pbt=key-1"
	for _, more := range []string{"dpr=2", "f_auto=true", "dpr=2&f_auto=true", "unknown=1", "w=100", "pbs=" + right, "pbe=" + expiry, "pbe=9999999999", "pbt=key-1", "pbt=key-2", "pbs[]=x", "PBS=x", "Pbe=9999999999", "%70bs=x", "%70be=9999999999", ";pbe=9999999999", "pbs%00=x"} {
		l.get("b4 b5", signed+"&"+more, 400, 401)
		l.get("b4 b5", strings.Replace(signed, "?", "?"+more+"&", 1), 400, 401)
	}
	for _, replaced := range [][2]string{{"pbs=", "PBS="}, {"pbe=", "PBE="}, {"pbt=", "PBT="}, {"&", ";"}, {"pbs=", "pbs[]="}, {"pbe=" + expiry, "pbe[]=" + expiry}, {"pbt=key-1", "pbt=KEY-1"}, {"?", "%3f"}, {"?", "#"}} {
		l.get("b5", strings.ReplaceAll(signed, replaced[0], replaced[1]), 400, 401, 404)
	}
	query := signedPath + "?dpr=2"
	covered := pbs(signedToken, query+expiry)
	for _, other := range []string{"", "dpr=3&", "dpr=2&dpr=2&", "dpr=2.0&", "f_auto=true&", "dpr=2&f_auto=true&"} {
		l.get("b4 covered", "/"+signedPath+"?"+other+"pbs="+covered+"&pbe="+expiry+"&pbt=key-1", 400, 401)
	}
	// A digit moves from the path to the expiry, and back.
	numbered := "v2/closed/original/photo1"
	moved := pbs(signedToken, numbered+expiry)
	ask("b7", "v2/closed/original/photo", moved, "1"+expiry, "key-1")
	ask("b7", numbered+expiry[:1], moved, expiry[1:], "key-1")
}

// forged are made with other keys or in other ways (b9 to b12).
func (l *lines) forged(ask func(name, path, sig, until, key string), expiry string) {
	text := signedPath + expiry
	plain := sha256.Sum256([]byte(signedToken + text))
	turned := sha256.Sum256([]byte(text + signedToken))
	none := sha256.Sum256([]byte(text))
	weak := md5.Sum([]byte(signedToken + text))
	for _, sig := range []string{
		hex.EncodeToString(plain[:]), hex.EncodeToString(turned[:]), hex.EncodeToString(none[:]), hex.EncodeToString(weak[:]),
		pbs("", text), pbs("key-1", text), pbs(hex.EncodeToString([]byte(signedToken)), text), pbs(signedToken+" ", text), pbs("token-of-other", text),
		pbs(signedToken, "/"+text), pbs(signedToken, expiry+signedPath), pbs(signedToken, signedPath), pbs(signedToken, signedPath+"?"+expiry), pbs(signedToken, "photo.png"+expiry), pbs(signedToken, ""),
	} {
		ask("b9", signedPath, sig, expiry, "key-1")
	}
	for _, key := range []string{"", "key-2", "key-0", "KEY-1", "key-1%20", "key-1%00", "key-1,key-2", "*", "none", strings.Repeat("k", 1000)} {
		ask("b11 b12", signedPath, pbs(signedToken, text), expiry, key)
		ask("b12", signedPath, pbs("token-of-other", text), expiry, key)
	}
	ask("b12", "v2/other/original/photo.png", pbs(signedToken, "v2/other/original/photo.png"+expiry), expiry, "key-1")
	ask("b12", "v2/other/original/photo.png", pbs(signedToken, "v2/other/original/photo.png"+expiry), expiry, "key-2")
}

// framing is what two servers could understand differently (f2 to f4).
func (l *lines) framing() {
	shut := func(name, request string, want ...int) {
		l.all = append(l.all, line{name: name, request: request + hidden, want: want, shut: true})
	}
	chunks := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(hidden), hidden)
	for _, headers := range []string{"Content-Length: 0\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked", "Transfer-Encoding: identity", "Transfer-Encoding: xchunked"} {
		shut("f4 HEAD "+short(headers), "HEAD /health HTTP/1.1\r\nHost: x\r\n"+headers+"\r\n\r\n"+chunks, 400)
	}
	for _, method := range []string{"GET", "POST", "OPTIONS"} {
		head := method + " /health HTTP/1.1\r\nHost: x\r\n"
		for _, headers := range []string{
			"Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5", "Content-Length: 0\r\nTransfer-Encoding: chunked", "Transfer-Encoding: identity", "Transfer-Encoding: xchunked",
			"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, identity", "Transfer-Encoding : chunked", "Transfer-Encoding\t: chunked",
			" Transfer-Encoding: chunked", "X: y\r\n Transfer-Encoding: chunked", "X: y\r\n\tTransfer-Encoding: chunked", "Transfer-Encoding:\r\n chunked", "X: y\nTransfer-Encoding: chunked", "Transfer-Encoding: \x0bchunked", "Transfer-Encoding: \"chunked\"",
			"Content-Length: 0\r\nContent-Length: 57", "Content-Length: 57\r\nContent-Length: 57", "Content-Length: +0", "Content-Length: -1", "Content-Length: 0, 0", "Content-Length: 0x0", "Content-Length: 1e1", "Content-Length: 99999999999999999999", "Content-Length: ", "Content-Length : 0", "Content-Length: 0 0",
			"Host: y", "Host: a b", "no colon", ": no name", "X Y: z", "X: \x00", "X\x00: y", "X\x01: y", "\xff: y",
		} {
			shut("f4 "+method+" "+short(headers), head+headers+"\r\n\r\n"+chunks, 400)
		}
		shut("f4 1.0 "+method, method+" /health HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"+chunks, 400)
	}
	for _, body := range []string{"zz\r\n", "-1\r\n", "5;\r\nab\r\n", "0x5\r\nabcde\r\n0\r\n\r\n", "ffffffffffffffff\r\n", "5\nabcde\n0\n\n", "5\r\nabcdeXX0\r\n\r\n", " 5\r\nabcde\r\n0\r\n\r\n"} {
		shut("f4 chunk "+short(body), "POST /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"+body, 400, 405, 408, 413)
	}
	shut("f4 no host", "GET /health HTTP/1.1\r\n\r\n", 400)
	shut("f4 bare LF in the end", "GET /health HTTP/1.1\r\nHost: x\r\nX: y\n\n", 400)
	shut("f2 a header of 100 kB", "GET /health HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("a", 100<<10)+"\r\n\r\n", 431)
	shut("f2 a name of 100 kB", "GET /health HTTP/1.1\r\nHost: x\r\n"+strings.Repeat("a", 100<<10)+": y\r\n\r\n", 431)
	shut("f2 20,000 headers", "GET /health HTTP/1.1\r\nHost: x\r\n"+strings.Repeat("X: y\r\n", 20_000)+"\r\n", 431)
	shut("f2 endless headers", "GET /health HTTP/1.1\r\nHost: x\r\n"+strings.Repeat("X-Y: "+strings.Repeat("z", 50)+"\r\n", 4000), 431)
	shut("f2 a body of 1 GB", "POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n", 413)
	shut("f3 broken behind a right one", "GARBAGE\r\n\r\n", 400)
}

// methods and versions that are none, or not for pictures (f5, f6).
func (l *lines) methods() {
	for _, method := range []string{"PUT", "POST", "DELETE", "PATCH", "TRACE", "PROPFIND", "MKCOL", "LOCK", "PURGE", "BREW", "get", "Get", "GETX", "A", strings.Repeat("M", 100)} {
		l.all = append(l.all, line{
			name: "f5 " + short(method), want: []int{400, 405, 501},
			request: method + " /v2/demo/original/photo.png HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		})
	}
	l.all = append(l.all, line{name: "f5 CONNECT", want: []int{400, 405, 501}, request: "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\nConnection: close\r\n\r\n"})
	for _, first := range []string{
		"GET /health HTTP/2.0", "GET /health HTTP/0.9", "GET /health HTTP/9.9", "GET /health HTTP/1", "GET /health HTTP/", "GET /health http/1.1", "GET /health XTTP/1.1", "GET /health", "GET", "PRI * HTTP/2.0", "GET /health HTTP/1.1 x",
		"GET  HTTP/1.1", "GET health HTTP/1.1", " GET /health HTTP/1.1", "G\x00T /health HTTP/1.1", "GET /he\x01alth HTTP/1.1", "GET /he alth HTTP/1.1", "GET\t/health\tHTTP/1.1", "GET * HTTP/1.1", "GET ? HTTP/1.1", "GET \\health HTTP/1.1",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "SSH-2.0-OpenSSH_9.2", "*1\r\n$4\r\nPING", "GET file:///etc/passwd HTTP/1.1",
	} {
		l.all = append(l.all, line{name: "f6 " + short(first), request: first + "\r\nHost: x\r\nConnection: close\r\n\r\n", want: []int{400, 404, 405, 421, 501, 505}})
	}
	// A target that names a host wins over the header (RFC 9112, 3.2.2).
	for _, first := range []string{"GET http://evil.example/health HTTP/1.1", "GET https://x/health HTTP/1.1"} {
		l.all = append(l.all, line{name: "f6 " + short(first), request: first + "\r\nHost: x\r\nConnection: close\r\n\r\n", want: []int{200}})
	}
	for _, host := range []string{"", "a b", "a\x00", "x/y", "x@y", "x:99999999", "[::1", strings.Repeat("h", 5000), "../x", "x\r\nHost: y"} {
		l.all = append(l.all, line{name: "f6 host " + short(host), request: "GET /v2/none/original/a.png HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n", want: []int{400, 404, 421, 431}})
	}
}
