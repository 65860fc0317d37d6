package main

import (
	"path/filepath"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

// plots draws the ratios of misses and of hits, for as many of both as were
// measured against something, and returns the names of the files.
func (r *report) plots(folder string) ([]string, error) {
	var files []string
	for _, p := range []struct {
		group, title string
		of           func(*row) float64
	}{
		{"misses", "CPU of a miss; base = 1, less is better", func(x *row) float64 { return x.CPURatio }},
		{"hits", "Hits a second; bare fasthttp = 1, more is better", func(x *row) float64 { return x.RateRatio }},
	} {
		b := r.bars(p.group, p.of)
		if len(b.cases) == 0 {
			continue
		}
		file := p.group + ".svg"
		if err := b.draw(p.title, filepath.Join(folder, file)); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// Bars are values by server and case.
type bars struct {
	cases   []string
	servers []string
	values  map[string]plotter.Values // by server, a value a case
}

func (r *report) bars(group string, of func(*row) float64) bars {
	b := bars{values: make(map[string]plotter.Values)}
	for _, c := range r.Cases {
		if c.Group != group || c.Base == "" {
			continue
		}
		b.cases = append(b.cases, c.Name+"/"+strconv.Itoa(c.Clients))
		for _, x := range c.Rows {
			if b.values[x.Server] == nil {
				b.servers = append(b.servers, x.Server)
			}
			// A server that was not in the cases before has no bar there.
			for len(b.values[x.Server]) < len(b.cases)-1 {
				b.values[x.Server] = append(b.values[x.Server], 0)
			}
			b.values[x.Server] = append(b.values[x.Server], of(x))
		}
	}
	for _, s := range b.servers {
		for len(b.values[s]) < len(b.cases) {
			b.values[s] = append(b.values[s], 0)
		}
	}
	return b
}

func (b bars) draw(title, file string) error {
	p := plot.New()
	p.Title.Text = title
	// At the left, where a font that is wider than the one that is measured with
	// runs into nothing.
	p.Legend.Top, p.Legend.Left = true, true
	p.Add(plotter.NewGrid())
	width := vg.Points(max(4, 30/float64(len(b.servers))))
	for i, s := range b.servers {
		chart, err := plotter.NewBarChart(b.values[s], width)
		if err != nil {
			return err
		}
		chart.Color, chart.LineStyle.Width = plotutil.Color(i), 0
		chart.Offset = width * vg.Length(float64(i)-float64(len(b.servers)-1)/2)
		p.Add(chart)
		p.Legend.Add(s, chart)
	}
	p.NominalX(b.cases...)
	p.X.Min, p.X.Max = -0.7, float64(len(b.cases))-0.3
	p.Y.Min = 0
	p.Y.Max *= 1 + 0.1*float64(len(b.servers)+1) // for the legend
	return p.Save(max(16*vg.Centimeter, vg.Length(len(b.cases)+2)*vg.Points(45)), 10*vg.Centimeter, file)
}
