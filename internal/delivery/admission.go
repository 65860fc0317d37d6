package delivery

import (
	"context"

	"pixedge/internal/admit"
	"pixedge/internal/media"
	"pixedge/internal/transform"
)

// A Gate is entered before work that takes a place or memory. leave is called when
// the work has ended, and told whether it was done.
type Gate interface {
	Enter(ctx context.Context, a admit.Ask) (leave func(done bool), err error)
}

// A Line is that of those who wait at a gate. Expect announces somebody who has to
// fetch first; it refuses who would not be let into the line.
type Line interface {
	Expect(tenant, client string) (arrived func(), err error)
}

// Gates are those on the road of a picture that has to be made. A nil Gate lets
// everybody in.
type Gates struct {
	Line   Line // before Render: what would be refused there is not fetched; may be nil
	Fetch  Gate // before the original is asked for
	Render Gate // before it is decoded, when it is known what that takes
	Idle   Gate // instead of Render, for what nobody waits for
}

func enter(ctx context.Context, g Gate, a admit.Ask) (leave func(done bool), err error) {
	if g == nil {
		return func(bool) {}, nil
	}
	return g.Enter(ctx, a)
}

// A turn is whose turn it is to have something made.
type turn struct {
	cloud  string
	client string // address; of those who wait together, the first one's
	later  bool   // nobody waits for it
}

// gate is that before a render.
func (t turn) gate(all Gates) Gate {
	if t.later {
		return all.Idle
	}
	return all.Render
}

// ask is that of a turn.
func (t turn) ask(n transform.Need) admit.Ask {
	return admit.Ask{Bytes: n.Bytes, Cost: n.Time, Tenant: t.cloud, Client: t.client}
}

// expect announces a render before its original is fetched, if there will be one that
// somebody waits for.
func (s *Service) expect(t turn, route *Route) (arrived func(), err error) {
	if s.Gates.Line == nil || t.later || route.plan.Original() {
		return func() {}, nil
	}
	return s.Gates.Line.Expect(t.cloud, t.client)
}

// weigh tells a job what it needs, and where to wait until there is room for that: the
// renderer knows what it really does. What cannot be rendered at all is refused by its
// header, before it has taken any.
func (s *Service) weigh(t turn, job *transform.Job) error {
	gate := t.gate(s.Gates)
	if gate == nil || job.Plan.Original() {
		return nil
	}
	shape, err := transform.ShapeOf(job.Original, job.Limits)
	if err != nil {
		return err
	}
	files := make(map[string]transform.Shape, len(job.Files))
	for name, file := range job.Files {
		if files[name], err = transform.ShapeOf(file, job.Limits); err != nil {
			return err
		}
	}
	job.Need = job.Plan.Estimate(shape, files)
	job.Admit = func(ctx context.Context, n transform.Need) (leave func(done bool), err error) {
		return enter(ctx, gate, t.ask(n))
	}
	return job.Limits.Affords(job.Need)
}

// admitInspect waits until there is room to describe a picture.
func (s *Service) admitInspect(ctx context.Context, t turn, picture media.Image, most transform.Limits) (leave func(done bool), err error) {
	if s.Gates.Render == nil {
		return func(bool) {}, nil
	}
	shape, err := transform.ShapeOf(picture, most)
	if err != nil {
		return nil, err
	}
	need := transform.EstimateInspect(shape)
	if err := most.Affords(need); err != nil {
		return nil, err
	}
	return enter(ctx, s.Gates.Render, t.ask(need))
}
