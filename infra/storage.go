package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"
)

// newBucket makes the one bucket, and another that holds its access log. Both outlive the
// stack: data and models are the user's, not the deployment's.
func (s *stack) newBucket() awss3.Bucket {
	private := awss3.BucketProps{
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		RemovalPolicy:     awscdk.RemovalPolicy_RETAIN,
	}
	log := private
	log.LifecycleRules = &[]*awss3.LifecycleRule{{Expiration: awscdk.Duration_Days(jsii.Number(90))}}

	data := private
	data.Versioned = jsii.Bool(true) // an alias that was swapped in error can be read back
	data.ServerAccessLogsBucket = awss3.NewBucket(s.cdk, jsii.String("AccessLog"), &log)
	data.LifecycleRules = &[]*awss3.LifecycleRule{{
		// Only aliases and schedules are ever overwritten; what is older than a quarter helps nobody.
		NoncurrentVersionExpiration:         awscdk.Duration_Days(jsii.Number(90)),
		AbortIncompleteMultipartUploadAfter: awscdk.Duration_Days(jsii.Number(7)),
	}, {
		// What jobs find serves them alone, and is stored elsewhere when they succeed.
		Prefix: jsii.String("jobs/"), Expiration: awscdk.Duration_Days(jsii.Number(30)),
		NoncurrentVersionExpiration: awscdk.Duration_Days(jsii.Number(1)),
	}}
	return awss3.NewBucket(s.cdk, jsii.String("Bucket"), &data)
}
