package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"pixedge/internal/admit"
	"pixedge/internal/blob"
	"pixedge/internal/config"
	"pixedge/internal/delivery"
	"pixedge/internal/demo"
	"pixedge/internal/library"
	"pixedge/internal/media"
	"pixedge/internal/op"
	"pixedge/internal/origin"
	"pixedge/internal/signing"
	"pixedge/internal/transform"
)

// A builder makes clouds of what edge.yaml says about them.
type builder struct {
	shelves  map[string]*library.Shelf // by cloud
	hosts    *origin.Hosts
	settings *settings
	all      []config.Cloud
	bodies   *admit.Gate
	buffers  func(cloud string) origin.Buffers       // for originals
	fetcher  func(delivery.Fetcher) delivery.Fetcher // measures
	compiler *transform.Compiler
}

func (b builder) clouds(ctx context.Context, clouds []config.Cloud) (*delivery.Clouds, error) {
	directory := delivery.NewClouds()
	if len(clouds) == 0 {
		c, err := b.demo()
		if err != nil {
			return nil, err
		}
		directory.Add(c)
	}
	for i, conf := range clouds {
		c, err := b.cloud(ctx, conf)
		if err != nil {
			return nil, fmt.Errorf("clouds[%d].%w", i, err)
		}
		directory.Add(c, conf.Hosts...)
	}
	return directory, nil
}

func (b builder) demo() (*delivery.Cloud, error) {
	store, err := demo.Store()
	if err != nil {
		return nil, err
	}
	conf := demo.Cloud()
	c, err := b.rules(conf)
	if err != nil {
		return nil, err
	}
	c.Zones[""] = b.zone(conf, config.Zone{}, origin.Store(store))
	return c, nil
}

func (b builder) cloud(ctx context.Context, conf config.Cloud) (*delivery.Cloud, error) {
	c, err := b.rules(conf)
	if err != nil {
		return nil, err
	}
	guard := origin.NewGuard(conf.AllowNetworks)
	zones := append([]config.Zone{{Sources: conf.Sources, Worker: conf.Worker}}, conf.Zones...)
	for i, z := range zones {
		sources, err := b.sources(ctx, z.Sources, guard)
		if err != nil && i > 0 {
			err = fmt.Errorf("zones[%d].%w", i-1, err)
		}
		if err != nil {
			return nil, err
		}
		c.Zones[z.Slug] = b.zone(conf, z, sources...)
	}
	return c, nil
}

// zone makes a zone of a cloud. The library is asked first, in the default one.
func (b builder) zone(conf config.Cloud, z config.Zone, sources ...origin.Source) delivery.Zone {
	shelf := b.shelves[conf.Name]
	mutable := shelf != nil && z.Slug == ""
	if mutable {
		sources = append([]origin.Source{shelved{shelf}}, sources...)
	}
	return delivery.Zone{Fetcher: b.fetch(conf.Name, conf.Limits, sources...), Mutable: mutable, Worker: z.Worker}
}

// rules makes a cloud without sources.
func (b builder) rules(conf config.Cloud) (*delivery.Cloud, error) {
	policy := signing.Policy{
		Free:     conf.FreeQuery,
		Required: signing.Required{All: conf.Signed.All, Prefixes: conf.Signed.Prefixes},
		Skew:     conf.Skew,
	}
	if policy.Free == nil {
		policy.Free = signing.DefaultFree()
	}
	for _, k := range conf.Keys {
		policy.Keys = append(policy.Keys, signing.Key{ID: k.ID, Token: k.Token.Reveal()})
	}
	if conf.Skew > signing.MaxSkew {
		return nil, fmt.Errorf("signature_skew: must be at most %v", signing.MaxSkew)
	}
	verifier, err := signing.New(policy, time.Now)
	if err != nil {
		return nil, err
	}
	presets, err := b.presets(conf.Presets)
	if err != nil {
		return nil, err
	}
	c := &delivery.Cloud{
		Name:        conf.Name,
		Verifier:    verifier,
		Lifetime:    delivery.ParseLifetime(cmp.Or(conf.CacheControl, "public, max-age=31536000")),
		CORS:        orAll(conf.CORS),
		Limits:      b.settings.limits(conf),
		Negotiation: negotiation(conf),
		Presets:     presets,
		PresetsOnly: conf.PresetsOnly,
		Zones:       make(map[string]delivery.Zone),
	}
	if conf.Library != nil {
		c.Open = apiFolder(conf.Library) + "/"
	}
	if len(conf.Keys) > 0 {
		c.SigningKey = conf.Keys[0].ID
	}
	return c, nil
}

// limits are those of a cloud's pictures.
func (s *settings) limits(conf config.Cloud) transform.Limits {
	render := s.Limits.MaxRender
	if s.Isolation == "process" {
		render = min(render, s.Worker.Memory)
	}
	return transform.Limits{
		MaxPixels: cmp.Or(conf.Limits.MaxPixels, s.Limits.MaxPixels),
		MaxSide:   cmp.Or(conf.Limits.MaxSide, s.Limits.MaxSide),
		MaxFrames: cmp.Or(conf.Limits.MaxFrames, s.Limits.MaxFrames),
		MaxMemory: s.Limits.MaxMemory,
		MaxRender: render,
	}
}

// negotiation says what besides the URL changes a cloud's answers.
func negotiation(conf config.Cloud) delivery.Negotiation {
	n := delivery.Negotiation{Formats: autoFormats(conf.AutoFormats), Hints: conf.ClientHints}
	switch conf.AutoAVIF {
	case "background":
		n.Defer = true
	case "off":
		n.Formats &^= media.AcceptsAVIF
	}
	return n
}

// autoFormats returns the formats that f_auto may choose; nil names both.
func autoFormats(names []string) media.Accepted {
	if names == nil {
		return media.AcceptsAVIF | media.AcceptsWebP
	}
	var a media.Accepted
	for _, name := range names {
		a |= map[string]media.Accepted{"avif": media.AcceptsAVIF, "webp": media.AcceptsWebP}[name]
	}
	return a
}

// presets makes the presets of a cloud, and tries each with its defaults, so that
// a mistake shows now and not in every answer.
func (b builder) presets(confs []config.Preset) (op.Presets, error) {
	list := make([]op.Preset, len(confs))
	for i, conf := range confs {
		list[i] = preset(conf)
		tried, err := op.NewPresets(list[i : i+1])
		if err != nil {
			return op.Presets{}, fmt.Errorf("presets[%d]: %w", i, err)
		}
		if _, err := b.compiler.Compile(tried.Defaults(conf.Name), transform.Hints{}); err != nil {
			return op.Presets{}, fmt.Errorf("presets[%d].transformation: with its defaults, %w", i, err)
		}
	}
	return op.NewPresets(list)
}

func preset(conf config.Preset) op.Preset {
	p := op.Preset{Name: conf.Name, Transformation: conf.Transformation}
	for _, name := range slices.Sorted(maps.Keys(conf.Params)) {
		v := conf.Params[name]
		choices := make([]string, len(v.Enum))
		for i, choice := range v.Enum {
			choices[i] = string(choice)
		}
		p.Vars = append(p.Vars, op.Var{Name: name, Type: v.Type, Default: string(v.Default), Choices: choices})
	}
	return p
}

// orAll returns a list of origins or hosts: an empty one is nobody, and none is
// everybody.
func orAll(list []string) []string {
	if list == nil {
		return []string{"*"}
	}
	return list
}

func (b builder) fetch(cloud string, l config.Limits, sources ...origin.Source) delivery.Fetcher {
	return b.fetcher(origin.New(origin.Limits{
		MaxBytes: cmp.Or(l.MaxBytes, b.settings.Origin.MaxBytes),
		Timeout:  cmp.Or(l.FetchTimeout, b.settings.Origin.Timeout),
		MinRate:  b.settings.Origin.MinRate,
	}, sources...).Into(b.buffers(cloud)))
}

// sources makes the sources of a zone.
func (b builder) sources(ctx context.Context, confs []config.Source, guard *origin.Guard) ([]origin.Source, error) {
	list := make([]origin.Source, len(confs))
	for i, conf := range confs {
		s, err := b.source(ctx, conf, guard)
		if err != nil {
			return nil, fmt.Errorf("sources[%d].%w", i, err)
		}
		list[i] = s
	}
	return list, nil
}

func (b builder) source(ctx context.Context, conf config.Source, guard *origin.Guard) (origin.Source, error) {
	switch {
	case conf.S3 != nil:
		store, err := bucket(ctx, conf.S3, 1) // the fetcher retries
		if err != nil {
			return nil, err
		}
		return origin.Bucket(b.hosts, conf.S3.Endpoint+"/"+conf.S3.Bucket, store), nil
	case conf.HTTP != nil:
		folder, err := origin.Web(b.hosts, conf.HTTP.Base, guard)
		if err != nil {
			return nil, fmt.Errorf("http.base: %w", err)
		}
		return folder, nil
	case conf.Remote != nil:
		return origin.Remote(b.hosts, conf.Remote.Allow, guard)
	}
	store, err := blob.NewDir(conf.Dir)
	if err != nil {
		return nil, fmt.Errorf("dir: %w", err)
	}
	return origin.Store(store), nil
}
