package main

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"
)

// accessLogDays is how long the access log is kept: by then whoever asks has asked.
const accessLogDays = 90

// newBucket makes the one bucket, and another that holds its access log.
func (s *stage) newBucket() awss3.Bucket {
	private := awss3.BucketProps{
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		RemovalPolicy:     awscdk.RemovalPolicy_DESTROY,
	}
	if s.KeepData {
		private.RemovalPolicy = awscdk.RemovalPolicy_RETAIN
	}
	log := private
	log.LifecycleRules = &[]*awss3.LifecycleRule{{Expiration: days(accessLogDays)}}

	data := private
	data.Versioned = jsii.Bool(true) // an alias that was swapped in error can be read back
	data.ServerAccessLogsBucket = awss3.NewBucket(s.storage, jsii.String("AccessLog"), &log)
	data.LifecycleRules = &[]*awss3.LifecycleRule{{
		// Aliases, schedules and reports are overwritten; what they were a quarter ago helps nobody.
		NoncurrentVersionExpiration:         days(90),
		AbortIncompleteMultipartUploadAfter: days(7),
	},
		// What jobs find serves them alone, and is stored elsewhere when they succeed.
		expiring("jobs/", 30),
		expiring("maps/", 30),
		expiring("runs/", s.RunDays),
		expiring("predictions/", s.RunDays),
		expiring("rows/", s.RunDays),
		expiring("outcomes/", s.RunDays),
		expiring("answers/", 1), // too long for a function: read within minutes, or never
	}
	bucket := awss3.NewBucket(s.storage, jsii.String("Bucket"), &data)
	s.guard(bucket)
	// What is put into it EventBridge hears of. The CDK's own way to say so is a function that is
	// deployed to say it.
	bucket.Node().DefaultChild().(awss3.CfnBucket).SetNotificationConfiguration(&awss3.CfnBucket_NotificationConfigurationProperty{
		EventBridgeConfiguration: &awss3.CfnBucket_EventBridgeConfigurationProperty{EventBridgeEnabled: jsii.Bool(true)},
	})
	return bucket
}

func days(n int) awscdk.Duration { return awscdk.Duration_Days(jsii.Number(n)) }

func expiring(prefix string, after int) *awss3.LifecycleRule {
	return &awss3.LifecycleRule{Prefix: jsii.String(prefix), Expiration: days(after), NoncurrentVersionExpiration: days(1)}
}

// Objects that are written once, and those that are swapped.
var (
	immutable = []string{"runs/*", "jobs/*", "predictions/*", "rows/*", "outcomes/*", "answers/*", "models/*/artifacts/*", "models/*/versions/*", "models/*/audit/*"}
	swapped   = []string{"models/*/aliases/*"}
)

// guard makes the bucket itself refuse what no function of ours does, whatever a role is ever
// allowed: a model that does not come from a run, a model or a result that is overwritten, an
// alias that moves blindly. s3:ObjectCreationOperation leaves the parts of a multipart upload
// alone, which have no conditions; its completion has
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html).
func (s *stage) guard(bucket awss3.Bucket) {
	deny := func(id string, actions, patterns []string, c conditions) {
		resources := make([]*string, len(patterns))
		for i, pattern := range patterns {
			resources[i] = bucket.ArnForObjects(jsii.String(pattern))
		}
		bucket.AddToResourcePolicy(when(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid: jsii.String(id), Effect: awsiam.Effect_DENY, Principals: &[]awsiam.IPrincipal{awsiam.NewAnyPrincipal()},
			Actions: jsii.Strings(actions...), Resources: &resources,
		}), c))
	}
	put := []string{"s3:PutObject"}
	writers := []string{s.roleArn("api"), s.roleArn("train")}
	if s.Large.Fargate != "" {
		writers = append(writers, s.roleArn("train-task"))
	}
	deny("ModelsAreWrittenByApiAndTrain", []string{"s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"}, []string{"models/*"},
		conditions{"StringNotEquals": {"aws:PrincipalArn": writers}})
	creation := map[string]any{"s3:ObjectCreationOperation": "true"}
	deny("WrittenOnce", put, immutable,
		conditions{"Null": {"s3:if-none-match": "true"}, "Bool": creation})
	deny("MovedByCompareAndSwap", put, swapped,
		conditions{"Null": {"s3:if-none-match": "true", "s3:if-match": "true"}, "Bool": creation})
}

// roleName is the name of a function's role. It has one, rather than the CDK's, so that the
// bucket can know the role before it is made: the bucket lives in an earlier stack.
func (s *stage) roleName(function string) string { return s.named(function) + "-" + s.Region }

func (s *stage) roleArn(function string) string {
	return fmt.Sprintf("arn:%s:iam::%s:role/%s", *s.storage.Partition(), s.Account, s.roleName(function))
}
