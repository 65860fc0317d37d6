package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"pixedge/internal/config"
	"pixedge/internal/origin"
)

// checkLibraries looks at the settings of libraries and makes nothing: it opens no
// database, asks no bucket and makes no folder. Its errors name the settings.
func checkLibraries(ctx context.Context, s *settings, clouds []config.Cloud) error {
	having, err := withLibrary(clouds)
	if err != nil {
		return nil //nolint:nilerr // nothing is kept, so there is nothing to look at
	}
	errs := []error{s.Storage.check()}
	for _, conf := range having {
		if _, err := s.address(clouds, conf.Name); err != nil {
			errs = append(errs, err)
		}
		if err := checkLibrary(ctx, s, conf); err != nil {
			errs = append(errs, fmt.Errorf("cloud %s: library.%w", conf.Name, err))
		}
	}
	return errors.Join(errs...)
}

func (s *storage) check() error {
	c, usual := s.where()
	err := c.Check()
	if file, ok := c.Database.File(); ok && err == nil {
		if err = checkFolder(filepath.Dir(file)); err != nil && !usual {
			err = fmt.Errorf("database: %w", err)
		}
	}
	if err != nil && usual {
		err = fmt.Errorf("data_dir: %w", err)
	}
	spool := checkFolder(cmp.Or(s.Library.Spool, os.TempDir()))
	if spool != nil {
		spool = fmt.Errorf("upload_spool: %w", spool)
	}
	return errors.Join(err, spool)
}

func checkLibrary(ctx context.Context, s *settings, conf config.Cloud) error {
	if _, err := linksOf(conf, origin.NewHosts("", s.Hosts)); err != nil {
		return err
	}
	if conf.Library.S3 != nil {
		_, err := bucket(ctx, conf.Library.S3, storeAttempts)
		return err
	}
	if err := checkFolder(s.Storage.shelfDir(conf)); err != nil {
		return fmt.Errorf("dir: %w", err)
	}
	return nil
}

// checkFolder returns why nothing could be written in a folder that is made if it is
// missing.
func checkFolder(name string) error {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) && filepath.Dir(name) != name {
		return checkFolder(filepath.Dir(name))
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &fs.PathError{Op: "write to", Path: name, Err: syscall.ENOTDIR}
	}
	const write, enter = 2, 1 // W_OK, X_OK
	if err := syscall.Access(name, write|enter); err != nil {
		return &fs.PathError{Op: "write to", Path: name, Err: err}
	}
	return nil
}
