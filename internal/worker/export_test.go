package worker

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"pixedge/internal/fault"
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
//   - "boasts" says that its result is as long as any may be
//   - "absent" ends when it is sent something, before it reads that
//   - "fleeting" ends as soon as it is there
//   - "stillborn" ends before it is there
//   - "heir" tells for its version which process it has started that outlives it, and
//     ends when it has read something
//   - "starves" answers that there is no more memory
//   - "punctual" answers that the time is over
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
	if deed == "stillborn" {
		return errors.New("no room for a worker")
	}
	h := hello{Formats: []media.Format{media.PNG}}
	if deed == "heir" {
		heir := exec.Command("sleep", "60")
		heir.Stderr, heir.ExtraFiles = os.Stderr, []*os.File{os.NewFile(socketFD, "server")}
		if err := heir.Start(); err != nil {
			return err
		}
		h.Version = strconv.Itoa(heir.Process.Pid)
	}
	if err := send(conn, h); err != nil {
		return err
	}
	result, err := mapResult()
	if err != nil {
		return err
	}
	switch deed {
	case "absent":
		return peek(conn)
	case "fleeting":
		return errors.New("it does not stay")
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
		if deed == "heir" {
			return errors.New("it leaves an heir")
		}
		copy(result, q.Nonce)
		answer := reply{Nonce: q.Nonce, Format: media.PNG, Size: len(q.Nonce)}
		if deed == "boasts" {
			answer.Size = LongestResult
		}
		if deed == "punctual" {
			answer = reply{Nonce: q.Nonce, Failed: true, Kind: fault.Timeout, Shown: "timed out"}
		}
		if deed == "starves" {
			answer = reply{Nonce: q.Nonce, Failed: true, Starved: true, Kind: fault.Unprocessable, Shown: "damaged"}
		}
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

// peek waits until there is something to read.
func peek(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Read(func(fd uintptr) bool {
		_, _, err := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK)
		return err == nil
	})
}
