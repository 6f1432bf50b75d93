package main

import (
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
)

// suppress writes down why a rule of cdk-nag's AwsSolutions pack does not hold for a
// construct and those inside it.
func suppress(construct constructs.IConstruct, rule, reason string, findings ...any) {
	suppression := cdknag.NagPackSuppression{Id: jsii.String("AwsSolutions-" + rule), Reason: jsii.String(reason)}
	if len(findings) > 0 {
		suppression.AppliesTo = &findings
	}
	cdknag.NagSuppressions_AddResourceSuppressions(construct, &[]*cdknag.NagPackSuppression{&suppression}, jsii.Bool(true))
}

// suppressWildcards accepts the wildcards in a role's resources that end in one of these
// regular expressions, and no other.
func suppressWildcards(role constructs.IConstruct, reason string, endings ...string) {
	findings := make([]any, len(endings))
	for i, ending := range endings {
		findings[i] = &cdknag.RegexAppliesTo{Regex: jsii.String("/^Resource::.*" + strings.ReplaceAll(ending, "/", `\/`) + "$/")}
	}
	suppress(role, "IAM5", reason, findings...)
}

// suppressUnseen accepts that a rule cannot judge a construct: it fails on a value that is known
// only when it is deployed.
func suppressUnseen(construct constructs.IConstruct, rule, reason string) {
	cdknag.NagSuppressions_AddResourceSuppressions(construct, &[]*cdknag.NagPackSuppression{{
		Id: jsii.String("CdkNagValidationFailure"), Reason: jsii.String(reason),
		AppliesTo: &[]any{"AwsSolutions-" + rule},
	}}, jsii.Bool(true))
}
