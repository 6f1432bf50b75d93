package topology

// SmokeModel is the model, and the data set, by which foretell smoke checks a deployment.
const SmokeModel = "foretell-smoke"

// SmokeRoutes are all that foretell smoke asks of the API: whoever deploys needs no more of it. A *
// is any text, as IAM has it.
var SmokeRoutes = []Route{
	{"GET", "/v2/health/ready", "predict"},
	{"GET", "/v1/models", "api"},
	{"POST", "/v1/datasets/" + SmokeModel + "/uploads", "api"},
	{"POST", "/v1/runs", "api"},
	{"GET", "/v1/runs/" + SmokeModel + "-*", "api"},
	{"POST", "/v1/models/" + SmokeModel + "/predict", "predict"},
}
