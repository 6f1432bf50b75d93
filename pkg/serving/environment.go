package serving

import (
	"cmp"
	"net"

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

// Address is where a server that is no Lambda function listens as the environment says: on this machine alone
// unless it is told to, so that nobody serves a network unawares.
func Address(getenv func(string) string) string {
	return net.JoinHostPort(cmp.Or(getenv(topology.EnvHost), "127.0.0.1"), cmp.Or(getenv(topology.EnvPort), "8080"))
}
