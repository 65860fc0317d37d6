package web

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// Lines is a slog.Handler that writes what slog.JSONHandler writes, at half the
// cost, of records that hold strings and numbers in plain ASCII: the line about a
// request is a third of the work of a hit. Every other record goes to
// slog.JSONHandler.
type Lines struct {
	*slog.JSONHandler

	w     io.Writer
	lines *sync.Pool // of *line
}

// NewLines returns a handler that writes a line with one call of w.Write, which
// must be safe for concurrent use.
func NewLines(w io.Writer, o *slog.HandlerOptions) *Lines {
	return &Lines{slog.NewJSONHandler(w, o), w, new(sync.Pool)}
}

// Handle writes r.
func (h *Lines) Handle(ctx context.Context, r slog.Record) error {
	l, _ := h.lines.Get().(*line)
	if l == nil {
		l = new(line)
	}
	defer h.lines.Put(l)
	l.begin(r)
	r.Attrs(l.add)
	if !l.plain {
		return h.JSONHandler.Handle(ctx, r)
	}
	l.text = append(l.text, "}\n"...)
	_, err := h.w.Write(l.text)
	return err
}

// A line is a record being written.
type line struct {
	text  []byte
	plain bool // so far there was nothing that needs slog.JSONHandler
}

func (l *line) begin(r slog.Record) {
	l.plain = true
	l.text = append(l.text[:0], `{"time":"`...)
	l.text = r.Time.AppendFormat(l.text, time.RFC3339Nano)
	l.text = append(l.text, `","level":`...)
	l.quote(r.Level.String())
	l.text = append(l.text, `,"msg":`...)
	l.quote(r.Message)
}

// add writes an attribute. It returns true for the next one to come.
func (l *line) add(a slog.Attr) bool {
	if a.Key == "" && a.Value.Kind() == slog.KindGroup {
		for _, a := range a.Value.Group() {
			l.add(a)
		}
		return true
	}
	l.text = append(l.text, ',')
	l.quote(a.Key)
	l.text = append(l.text, ':')
	switch a.Value.Kind() {
	case slog.KindString:
		l.quote(a.Value.String())
	case slog.KindInt64:
		l.text = strconv.AppendInt(l.text, a.Value.Int64(), 10)
	case slog.KindFloat64:
		l.text = strconv.AppendFloat(l.text, a.Value.Float64(), 'f', -1, 64)
	default:
		l.plain = false
	}
	return true
}

func (l *line) quote(text string) {
	for _, b := range []byte(text) {
		l.plain = l.plain && plain(b)
	}
	l.text = append(l.text, '"')
	l.text = append(l.text, text...)
	l.text = append(l.text, '"')
}

// plain reports whether slog.JSONHandler writes b as it is.
func plain(b byte) bool {
	return b >= ' ' && b < 0x7f && b != '"' && b != '\\' && b != '<' && b != '>' && b != '&'
}

// loggable reports whether the exchange's line can be put together from what is
// kept of its route. k may be nil.
func (k *kept) loggable() bool { return k != nil && k.path != nil && k.cloud != nil }

// appendLine adds the line about a picture that was delivered. It is what
// slog.JSONHandler would make of exchange.record, at a sixth of the cost.
func (x *exchange) appendLine(dst []byte, level slog.Level, status int, outcome string, client []byte) []byte {
	dst = x.stamp.append(append(dst, `{"time":"`...), x.began.Add(x.elapsed))
	dst = append(append(dst, `","level":"`...), level.String()...)
	dst = append(append(dst, `","msg":"request","method":"`...), x.method...)
	dst = append(append(dst, `","path":`...), x.kept.path...)
	dst = strconv.AppendInt(append(dst, `,"status":`...), int64(status), 10)
	dst = strconv.AppendInt(append(dst, `,"bytes":`...), int64(x.size), 10)
	dst = appendMillis(append(dst, `,"elapsed_ms":`...), x.elapsed)
	dst = append(append(dst, `,"request_id":"`...), x.id...)
	dst = append(append(dst, `","client":"`...), client...)
	dst = append(append(dst, `","cache":"`...), outcome...)
	dst = append(append(dst, `","cloud":`...), x.kept.cloud...)
	return append(dst, "}\n"...)
}

// appendMillis adds d in milliseconds, with as many digits as microseconds have.
func appendMillis(dst []byte, d time.Duration) []byte {
	micros := max(d.Microseconds(), 0)
	dst = strconv.AppendInt(dst, micros/1000, 10)
	return appendFraction(dst, int(micros%1000), 3)
}

// appendFraction adds a point and n in so many digits, at most nine, without
// zeros at the end; or nothing, if n is 0.
func appendFraction(dst []byte, n, digits int) []byte {
	var room [10]byte
	for i := digits; i > 0; i-- {
		room[i] = byte('0' + n%10)
		n /= 10
	}
	room[0] = '.'
	for digits > 0 && room[digits] == '0' {
		digits--
	}
	if digits == 0 {
		return dst
	}
	return append(dst, room[:digits+1]...)
}

// A date writes times as the header Date has them (RFC 9110, 5.6.7), and remembers
// the last.
type date struct {
	second int64
	text   []byte
}

func (d *date) append(dst []byte, t time.Time) []byte {
	if second := t.Unix(); second != d.second || len(d.text) == 0 {
		d.second, d.text = second, fasthttp.AppendHTTPDate(d.text[:0], t)
	}
	return append(dst, d.text...)
}

// A stamp writes times as time.RFC3339Nano has them. It remembers the last
// second, which it wrote most of the line's times in.
type stamp struct {
	second     int64
	date, zone []byte
}

func (s *stamp) append(dst []byte, t time.Time) []byte {
	if second := t.Unix(); second != s.second || len(s.date) == 0 {
		s.second = second
		s.date = t.AppendFormat(s.date[:0], "2006-01-02T15:04:05")
		s.zone = t.AppendFormat(s.zone[:0], "Z07:00")
	}
	dst = appendFraction(append(dst, s.date...), t.Nanosecond(), 9)
	return append(dst, s.zone...)
}
