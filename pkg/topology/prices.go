package topology

// Prices of the platform in dollars: on demand, us-east-1, without free tier, savings plans and
// taxes. They change seldom and are no promise; a quote says of which day they are.
//
// Lambda and Step Functions are what their pages list; Fargate is for Linux on ARM; of SageMaker
// the instances are for training. See docs/cost.md, which a test holds to this table.
const PricesOf = "2026-11-26"

// Price is one line of the table.
type Price struct {
	Name    string
	Dollars float64
	Per     string // unit
	Source  string // the page that lists it
}

// What is paid for.
var (
	// LambdaDuration is for arm64, the first 7.5 billion GB-seconds of a month.
	LambdaDuration = Price{"Lambda duration, arm64", 0.0000133334, "GB-second", "https://aws.amazon.com/lambda/pricing/"}
	LambdaRequest  = Price{"Lambda request", 0.20e-6, "request", "https://aws.amazon.com/lambda/pricing/"}
	// StateTransition is one of a standard workflow: each state entered, retries included.
	StateTransition = Price{"Step Functions state transition", 0.025e-3, "transition", "https://aws.amazon.com/step-functions/pricing/"}
	// StorageWrite is PUT, COPY, POST and LIST; StorageRead GET and HEAD.
	StorageWrite  = Price{"S3 PUT, LIST", 0.005e-3, "request", "https://aws.amazon.com/s3/pricing/"}
	StorageRead   = Price{"S3 GET, HEAD", 0.0004e-3, "request", "https://aws.amazon.com/s3/pricing/"}
	FargateCPU    = Price{"Fargate, Linux on ARM, processor", 0.03238, "vCPU-hour", "https://aws.amazon.com/fargate/pricing/"}
	FargateMemory = Price{"Fargate, Linux on ARM, memory", 0.00356, "GB-hour", "https://aws.amazon.com/fargate/pricing/"}
)

// Prices are all of them, those of the instances aside.
var Prices = []Price{LambdaDuration, LambdaRequest, StateTransition, StorageWrite, StorageRead, FargateCPU, FargateMemory}

// Size is a machine, or a share of one, that a trial may be placed on.
type Size struct {
	Name     string
	CPUs     int
	MemoryMB int // of 1,048,576 bytes
	// PerHour is in dollars; 0 for Lambda, which has a price of its own.
	PerHour float64
}

// LambdaMost is the most that Lambda gives a function; MemoryMB / CPUs as Function has them.
const LambdaMost = 10_240

// FargateSizes are the processors of a task with the memory that they may have, ascending.
var FargateSizes = []struct{ CPUs, LeastGB, MostGB, StepGB int }{
	{2, 4, 16, 1}, {4, 8, 30, 1}, {8, 16, 60, 4}, {16, 32, 120, 8},
}

// Fargate is the smallest task with so much memory; ok is false if there is none.
func Fargate(memoryMB int) (s Size, ok bool) {
	for _, f := range FargateSizes {
		gb := max(f.LeastGB, (memoryMB+1023)/1024)
		if gb = f.LeastGB + (gb-f.LeastGB+f.StepGB-1)/f.StepGB*f.StepGB; gb <= f.MostGB {
			hour := float64(float64(f.CPUs)*FargateCPU.Dollars) + float64(float64(gb)*FargateMemory.Dollars)
			return Size{"fargate", f.CPUs, gb * 1024, hour}, true
		}
	}
	return Size{}, false
}

// SageMakerInstances are those for what Fargate has no memory for, ascending. Prices:
// https://aws.amazon.com/sagemaker/ai/pricing/ (training, us-east-1).
var SageMakerInstances = []Size{
	{"ml.m5.12xlarge", 48, 192 * 1024, 2.765},
	{"ml.m5.24xlarge", 96, 384 * 1024, 5.53},
}

// SageMaker is the smallest instance with so much memory; ok is false if there is none.
func SageMaker(memoryMB int) (s Size, ok bool) {
	for _, s := range SageMakerInstances {
		if s.MemoryMB >= memoryMB {
			return s, true
		}
	}
	return Size{}, false
}
