package memstore_test

import (
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/memstore"
	"github.com/foretell-ml/foretell/pkg/registry/registrytest"
)

func TestStore(t *testing.T) {
	registrytest.Run(t, func(*testing.T) registry.Store { return memstore.New(time.Unix(1_700_000_000, 0)) })
}
