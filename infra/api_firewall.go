package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awswafv2"
	"github.com/aws/jsii-runtime-go"
)

// managedRules are AWS's own that fit this API, in the order in which they are asked: what is free
// of charge beyond the web ACL, and is about HTTP rather than about a program that we do not run.
var managedRules = []string{"AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"}

// counted are rules that are told of and do not block: bodies are tables, which are larger than the
// 8 KB that one allows, and hold the addresses, paths and HTML that people write into columns of text.
var counted = map[string][]string{"AWSManagedRulesCommonRuleSet": {
	"SizeRestrictions_BODY", "EC2MetaDataSSRF_BODY", "GenericLFI_BODY", "GenericRFI_BODY", "CrossSiteScripting_BODY",
}}

// newFirewall makes a web ACL before the API: addresses and requests that AWS knows for bad, and
// more requests of an address than the settings allow.
func (s *stage) newFirewall(api awsapigateway.SpecRestApi) {
	watched := func(name string) *awswafv2.CfnWebACL_VisibilityConfigProperty {
		return &awswafv2.CfnWebACL_VisibilityConfigProperty{
			CloudWatchMetricsEnabled: jsii.Bool(true), MetricName: jsii.String(name), SampledRequestsEnabled: jsii.Bool(false), // samples hold headers
		}
	}
	var rules []any
	for _, name := range managedRules {
		group := &awswafv2.CfnWebACL_ManagedRuleGroupStatementProperty{VendorName: jsii.String("AWS"), Name: jsii.String(name)}
		var overrides []any
		for _, rule := range counted[name] {
			overrides = append(overrides, &awswafv2.CfnWebACL_RuleActionOverrideProperty{
				Name: jsii.String(rule), ActionToUse: &awswafv2.CfnWebACL_RuleActionProperty{Count: map[string]any{}},
			})
		}
		if len(overrides) > 0 {
			group.RuleActionOverrides = &overrides
		}
		rules = append(rules, &awswafv2.CfnWebACL_RuleProperty{
			Name: jsii.String(name), Priority: jsii.Number(len(rules)), VisibilityConfig: watched(name),
			OverrideAction: &awswafv2.CfnWebACL_OverrideActionProperty{None: map[string]any{}},
			Statement:      &awswafv2.CfnWebACL_StatementProperty{ManagedRuleGroupStatement: group},
		})
	}
	rules = append(rules, &awswafv2.CfnWebACL_RuleProperty{
		Name: jsii.String("PerAddress"), Priority: jsii.Number(len(rules)), VisibilityConfig: watched("PerAddress"),
		Action: &awswafv2.CfnWebACL_RuleActionProperty{Block: map[string]any{}},
		Statement: &awswafv2.CfnWebACL_StatementProperty{RateBasedStatement: &awswafv2.CfnWebACL_RateBasedStatementProperty{
			AggregateKeyType: jsii.String("IP"), EvaluationWindowSec: jsii.Number(300), Limit: jsii.Number(s.API.Firewall.RequestsPer5Minutes),
		}},
	})
	acl := awswafv2.NewCfnWebACL(s.compute, jsii.String("Firewall"), &awswafv2.CfnWebACLProps{
		Name: jsii.String(s.named("Firewall")), Scope: jsii.String("REGIONAL"), VisibilityConfig: watched("Firewall"),
		DefaultAction: &awswafv2.CfnWebACL_DefaultActionProperty{Allow: map[string]any{}}, Rules: &rules,
	})
	awswafv2.NewCfnWebACLAssociation(s.compute, jsii.String("FirewallOfAPI"), &awswafv2.CfnWebACLAssociationProps{
		WebAclArn: acl.AttrArn(), ResourceArn: api.DeploymentStage().StageArn(),
	})
}
