package background

import "context"

type job struct {
	key string
	do  func(context.Context) error
}

// A line is the jobs that wait: those of a tenant oldest first, and one of each tenant
// in turn.
type line struct {
	count  int
	byName map[string]*tenant
	turns  []*tenant // whose turn it is comes first; all have jobs
}

type tenant struct {
	name string
	jobs []job
}

func (l *line) add(name string, j job) {
	t := l.byName[name]
	if t == nil {
		t = &tenant{name: name}
		l.byName[name] = t
		l.turns = append(l.turns, t)
	}
	t.jobs = append(t.jobs, j)
	l.count++
}

// next takes the job whose turn it is. There must be one.
func (l *line) next() job {
	t := l.turns[0]
	l.turns[0] = nil // the rest of the slice must not hold it
	l.turns = l.turns[1:]
	j := t.jobs[0]
	t.jobs[0] = job{}
	t.jobs = t.jobs[1:]
	l.count--
	if len(t.jobs) > 0 {
		l.turns = append(l.turns, t)
	} else {
		delete(l.byName, t.name)
	}
	return j
}

// drop takes the newest job of the tenant that has most; of two, of the one whose turn
// comes last. There must be one.
func (l *line) drop() job {
	at := 0
	for i, t := range l.turns {
		if len(t.jobs) >= len(l.turns[at].jobs) {
			at = i
		}
	}
	t := l.turns[at]
	last := len(t.jobs) - 1
	j := t.jobs[last]
	t.jobs[last] = job{}
	t.jobs = t.jobs[:last]
	l.count--
	if last == 0 {
		l.turns = append(l.turns[:at], l.turns[at+1:]...)
		delete(l.byName, t.name)
	}
	return j
}
