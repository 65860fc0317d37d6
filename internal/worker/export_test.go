package worker

import (
	"bytes"
	"os"
	"runtime"
	"time"

	"pixedge/internal/media"
)

// PIDs returns the process of each worker that has nothing to do.
func (p *Pool) PIDs() []int {
	var pids []int
	p.idle.each(func(w *process) { pids = append(pids, w.cmd.Process.Pid) })
	return pids
}

// Rogue is a worker that a picture has taken over. It renders nothing and does as
// deed says:
//
//   - "hoards" holds 200 MiB from the beginning
//   - "fills" fills its memory for results and answers nothing
//   - "deaf" answers once and then neither listens nor ends
//   - "hasty" answers everything twice
func Rogue(deed string) error {
	conn, err := connOf(os.NewFile(socketFD, "server"))
	if err != nil {
		return err
	}
	in := newInbox(conn, true)
	var s setup
	if _, err := in.receive(&s); err != nil {
		return err
	}
	if err := send(conn, hello{Formats: []media.Format{media.PNG}}); err != nil {
		return err
	}
	result, err := mapResult()
	if err != nil {
		return err
	}
	if deed == "hoards" {
		hoard := bytes.Repeat([]byte{1}, 200<<20)
		time.Sleep(time.Hour)
		runtime.KeepAlive(hoard)
	}
	for {
		var q request
		if _, err := in.receive(&q); err != nil {
			return err
		}
		copy(result, q.Nonce)
		answer := reply{Nonce: q.Nonce, Format: media.PNG, Size: len(q.Nonce)}
		if deed == "fills" {
			for i := range result {
				result[i] = 1
			}
			time.Sleep(time.Hour)
		}
		if err := send(conn, answer); err != nil {
			return err
		}
		switch deed {
		case "deaf":
			time.Sleep(time.Hour)
		case "hasty":
			if err := send(conn, answer); err != nil {
				return err
			}
		}
	}
}
