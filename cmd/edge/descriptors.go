package main

import (
	"cmp"
	"runtime"
	"syscall"

	"pixedge/internal/database"
	"pixedge/internal/delivery"
	"pixedge/internal/origin"
	"pixedge/internal/shm"
)

// What takes descriptors, and how many each.
const (
	fixedFiles  = 64               // listeners, logs, the runtime's, health checks, connections that are being closed
	sourceFiles = delivery.AtOnce  // connections to sources, of one request
	workerFiles = 2 * 5            // socket, result, pipe, statm and pidfd of a worker, and of one that takes its place
	idleFiles   = origin.IdleConns // connections to a source that wait for the next request
)

// workers returns how many pictures are rendered at once.
func (s *settings) workers() int { return cmp.Or(s.Render.Workers, runtime.NumCPU()) }

// originals returns how many originals there may be in memory at once: those on their
// way, those that wait to be rendered and those in work. Where a request has several
// pictures, it takes the places of others.
func (s *settings) originals() int {
	return s.Misses + s.Admit.Queue + s.workers() + s.Later.Workers
}

// kept returns how many descriptors are not for connections of clients, when all that
// the settings allow is in use. Each original and each rendition in shared memory has one.
// Those of uploads, of which there may be as many as connections, are not among them:
// an upload that finds none is refused.
func (s *settings) kept() int {
	n := fixedFiles + idleFiles + database.Files() + sourceFiles*s.Misses + s.originals()
	if s.Isolation == "process" {
		n += workerFiles*(s.workers()+s.Worker.Spares) + shm.Most(idleShared)
	}
	return n + shm.Most(int64(s.Rendition.Memory))
}

// connections returns how many connections of clients there may be at once, when
// the process may open so many files: what max_connections says, and no more than
// leaves enough for the rest, or half where there are too few for that.
func (s *settings) connections(files int) int {
	room := max(files-min(s.kept(), files/2), 1)
	if s.Server.Max == 0 {
		return room
	}
	return min(s.Server.Max, room)
}

// openFiles returns how many files the process may open. Package os has raised
// the limit to the highest there is.
func openFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 1024 // POSIX systems' usual one
	}
	return int(min(limit.Cur, 1<<20))
}
