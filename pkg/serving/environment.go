package serving

import (
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/topology"
)

// Configured is a server, without its registry, as the environment says: the model, whether values
// are kept out of problems, and how much room there is for pipelines.
func Configured(getenv func(string) string) *Server {
	return &Server{
		Model: registry.ModelName(getenv(topology.EnvModel)), Redact: getenv(topology.EnvRedact) == topology.RedactValues,
		Room: RoomIn(getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")),
	}
}
