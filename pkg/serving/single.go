package serving

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
	"github.com/foretell-ml/foretell/pkg/registry/memstore"
)

// Open opens what a host on its own may be given: a folder that is a store, or an artifact, or a
// folder with nothing but one. Of an artifact the model is called model, or else as its file; it
// is version 1 and the champion, and made is when. Of a store the name returned is the one given.
func Open(ctx context.Context, path string, model registry.ModelName, made time.Time) (*registry.Registry, registry.ModelName, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, "", err
	}
	if info.IsDir() {
		if models, err := os.Stat(filepath.Join(path, "models")); err == nil && models.IsDir() {
			store, err := dirstore.New(path)
			return &registry.Registry{Store: store}, model, err
		}
		if path, err = onlyFile(path); err != nil {
			return nil, "", err
		}
	}
	artifact, err := os.ReadFile(path)
	if err != nil {
		return nil, "", err
	}
	if model == "" {
		base := filepath.Base(path)
		model = registry.ModelName(strings.TrimSuffix(base, filepath.Ext(base)))
		if model.Validate() != nil {
			model = "model" // a digest, mostly
		}
	}
	r, err := single(ctx, model, artifact, made)
	if err != nil {
		return nil, "", fmt.Errorf("%s is neither a store nor an artifact that can be served: %w", path, err)
	}
	return r, model, nil
}

// onlyFile is the one file in a folder, hidden ones left out.
func onlyFile(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var files []string
	for _, e := range entries {
		if e.Type()&fs.ModeType == 0 && !strings.HasPrefix(e.Name(), ".") {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	if len(files) != 1 {
		return "", fmt.Errorf("%s has no folder models, as a store has, and %d files; want a store, or one artifact", dir, len(files))
	}
	return files[0], nil
}

// single is a registry with one version of one model.
func single(ctx context.Context, model registry.ModelName, artifact []byte, made time.Time) (*registry.Registry, error) {
	p, err := pipeline.Decode(artifact)
	if err != nil {
		return nil, err
	}
	r := &registry.Registry{Store: memstore.New(made)}
	m := registry.Manifest{
		Run: "file", Task: p.Target.Task, Target: p.Target.Name, Learner: p.Members[0].Configuration.Learner,
		Metric: p.Lineage.Metric, Score: p.Lineage.Scores[p.Lineage.Metric], Scores: p.Lineage.Scores,
		DataDigest: string(p.Lineage.Data), Rows: p.Lineage.Rows, Schema: p.Schema, Offset: p.Target.Offset, Classes: p.Target.Classes,
	}
	if len(p.Members) > 1 {
		m.Learner = "ensemble"
	}
	if m, err = r.Register(ctx, model, artifact, m); err != nil {
		return nil, err
	}
	_, _, err = r.SetAlias(ctx, model, registry.Champion, registry.Alias{Version: m.Version, Reason: "the artifact of this host"}, registry.Condition{Absent: true})
	return r, err
}
