package delivery

import (
	"context"

	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/op"
	"pixedge/internal/origin"
	"pixedge/internal/transform"
)

// A Task is a picture to be made that no URL names: an API was asked for it. What it
// takes is admitted, fetched and rendered as on the road of [Service.Image]; nothing
// is cached, and nothing is shared with other tasks or requests. Whoever starts a task has
// been let in: neither signatures nor presets_only of the cloud bind it.
type Task struct {
	Cloud    *Cloud
	Pipeline op.Pipeline // none: the original as it is
	Original Input
	Others   map[string]Input // the pictures that the pipeline names
	Client   string           // address of who asked
}

// An Input is where a task's picture comes from.
type Input struct {
	Fetcher Fetcher
	Name    string // as the fetcher knows it
}

// Make carries out a task, and ends with ctx. Its errors are those of Image; a pipeline
// that cannot be carried out, such as one with a preset that was not expanded, is
// fault.Invalid.
func (s *Service) Make(ctx context.Context, t Task) (media.Image, error) {
	plan, err := s.Compiler.Compile(t.Pipeline, transform.Hints{})
	if err != nil {
		return media.Image{}, err
	}
	ctx, cancel := s.taskTime(ctx)
	defer cancel()
	p, err := s.make(ctx, t.turn(), t.route(plan), variant{})
	if err != nil {
		return media.Image{}, err
	}
	return p.Image, nil
}

// taskTime bounds ctx as the cache bounds the making of a picture.
func (s *Service) taskTime(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.TaskTime <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, s.TaskTime)
}

// turn is whose turn it is to have the task carried out.
func (t Task) turn() turn { return turn{cloud: t.Cloud.Name, client: t.Client} }

// taskOriginal is what a task's original is called among its inputs. No pipeline
// names it: a name that is empty is refused.
const taskOriginal = ""

// route is that of no URL.
func (t Task) route(plan transform.Plan) *Route {
	return &Route{Cloud: t.Cloud, zone: Zone{Fetcher: inputs(t)}, source: taskOriginal, pipeline: t.Pipeline, plan: plan, trusted: true}
}

// inputs fetches the pictures of a task, each from where it is.
type inputs Task

func (t inputs) Fetch(ctx context.Context, name string) (origin.Original, error) {
	in, ok := t.Original, name == taskOriginal
	if !ok {
		if in, ok = t.Others[name]; !ok {
			return origin.Original{}, fault.Errorf(fault.NotFound, "no such picture")
		}
	}
	return in.Fetcher.Fetch(ctx, in.Name)
}
