package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/profile/expectation"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/training"
)

// configFile is a file of run configs as the command reads it.
type configFile struct {
	name string
	*training.ConfigFile
}

// readConfigFile reads a file of run configs; a source or a file of constraints in it is
// relative to the working directory, and if it is not found there, to the config's folder.
// Schemas and constraints come back written out, since nobody else can read their files.
func readConfigFile(file string) (*configFile, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	parsed, err := training.ParseConfigFile(text)
	if err != nil && !isConfig(file) {
		return nil, fmt.Errorf("%s is no run config; to train on it as a data set, name the column to predict: --target NAME", file)
	} else if err != nil {
		return nil, explainConfig(file, err)
	}
	for i := range parsed.Configs {
		if err := writeOut(file, &parsed.Configs[i]); err != nil {
			return nil, err
		}
	}
	return &configFile{file, parsed}, nil
}

// isConfig tells by its name whether a file is meant to be a config.
func isConfig(file string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(file))
}

// writeOut takes into a config what its file names.
func writeOut(file string, config *training.Config) error {
	if !strings.Contains(config.Data.Source, "://") {
		config.Data.Source = beside(file, config.Data.Source)
	}
	if window := &config.Promote.Window; *window != "" && !config.Promote.Outcomes() && !strings.Contains(*window, "://") {
		*window = beside(file, *window)
	}
	if err := config.Data.Schema.Read(func(name string) string { return beside(file, name) }); err != nil {
		return fmt.Errorf("%s: /data/schema: %w", file, err)
	}
	if n := config.Data.Constraints; n != nil && n.File != "" {
		expected, err := readExpectations(beside(file, n.File))
		if err != nil {
			return fmt.Errorf("%s: /data/constraints: %w", file, err)
		}
		config.Data.Constraints = &expectation.Named{Expectations: *expected}
	}
	return nil
}

// dataFile is, in place of a file of configs, a data set with the column to predict.
func dataFile(source, target, model string) *configFile {
	config := training.Config{Model: registry.ModelName(model), Data: training.DataConfig{Source: source, Target: target}}
	return &configFile{source, &training.ConfigFile{Configs: []training.Config{config}}}
}

// explain lists the faults of config i with their places in the file.
func (f *configFile) explain(i int, err error) error {
	var faulty *training.ConfigError
	if errors.As(err, &faulty) {
		err = f.Locate(i, faulty)
	}
	return explainConfig(f.name, err)
}

// explainConfig lists the faults of a config, one a line, as compilers do: file:line:column.
func explainConfig(file string, err error) error {
	var faulty *training.ConfigError
	if !errors.As(err, &faulty) {
		return err
	}
	lines := []string{file + " cannot be run:"}
	for _, f := range faulty.Faults {
		place := "  "
		if f.Line > 0 {
			place = fmt.Sprintf("  %s:", file)
		}
		lines = append(lines, place+f.String())
	}
	return errors.New(strings.Join(lines, "\n"))
}

// readConfig reads a file with one run config.
func readConfig(file string) (training.Config, error) {
	f, err := readConfigFile(file)
	if err != nil {
		return training.Config{}, err
	}
	if len(f.Configs) != 1 {
		return training.Config{}, fmt.Errorf("%s has %d models %v; this takes one", file, len(f.Configs), f.Names())
	}
	return f.Configs[0], nil
}

// beside is where a file lies that a config names.
func beside(config, named string) string {
	if filepath.IsAbs(named) {
		return named
	}
	if _, err := os.Stat(named); errors.Is(err, os.ErrNotExist) {
		there := filepath.Join(filepath.Dir(config), named)
		if _, err := os.Stat(there); err == nil {
			return there
		}
	}
	return named
}
