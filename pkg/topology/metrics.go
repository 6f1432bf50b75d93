package topology

// MetricNamespace is that of all metrics that functions write into their logs, beside those of AWS.
const MetricNamespace = "Foretell"

// Dimensions of metrics, each of few values: functions, models that there are, and the types of
// problems in package gateway's catalog. Every metric is told apart by function, and by function and
// model where there is one; MetricErrors by function and problem.
const (
	DimensionFunction = "Function"
	DimensionModel    = "Model"
	DimensionProblem  = "Problem"
)

// Names of metrics.
const (
	MetricLatency     = "Latency"                // of a request in the function, in milliseconds
	MetricFaults      = "Faults"                 // 1 for a request that was answered by 5xx, else 0: the mean is a share
	MetricRefusals    = "Refusals"               // the same of 4xx
	MetricErrors      = "Errors"                 // 1 by type of problem, for a request that was answered by one
	MetricRows        = "Rows"                   // of a request, or of a part of a batch, that were read
	MetricFaultyRows  = "FaultyRows"             // of a part of a batch that were left out
	MetricLoadTime    = "LoadTime"               // of an artifact into memory, in milliseconds
	MetricRunQuoted   = "RunQuoted"              // dollars that a run was quoted at
	MetricRunCost     = "RunCost"                // dollars that it took
	MetricDrifted     = "DriftedColumns"         // of a model in a day
	MetricSevereDrift = "SeverelyDriftedColumns" // of a model in a day
	MetricCaptured    = "CapturedRows"           // of a model in a day
)

// Metrics are all of them.
var Metrics = []string{
	MetricLatency, MetricFaults, MetricRefusals, MetricErrors, MetricRows, MetricFaultyRows, MetricLoadTime,
	MetricRunQuoted, MetricRunCost, MetricDrifted, MetricSevereDrift, MetricCaptured,
}

// ByFunctionAndModel are the dimension sets of all metrics but MetricErrors, ByProblem that one's.
var (
	ByFunctionAndModel = [][]string{{DimensionFunction}, {DimensionFunction, DimensionModel}}
	ByProblem          = [][]string{{DimensionFunction, DimensionProblem}}
)
