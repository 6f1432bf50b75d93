package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/jsii-runtime-go"
)

// newDomain gives the API the host name of the settings, if there is one: paths begin at its root,
// without API Gateway's stage.
func (s *stage) newDomain(api awsapigateway.SpecRestApi) {
	d := s.API.Domain
	if d == nil {
		return
	}
	name := api.AddDomainName(jsii.String("Domain"), &awsapigateway.DomainNameOptions{
		DomainName:     jsii.String(d.Name),
		Certificate:    awscertificatemanager.Certificate_FromCertificateArn(s.compute, jsii.String("Certificate"), jsii.String(d.Certificate)),
		EndpointType:   awsapigateway.EndpointType_REGIONAL,
		SecurityPolicy: awsapigateway.SecurityPolicy_TLS_1_2,
	})
	if d.Zone == "" {
		return
	}
	awsroute53.NewCfnRecordSet(s.compute, jsii.String("DomainRecord"), &awsroute53.CfnRecordSetProps{
		HostedZoneId: jsii.String(d.Zone), Name: jsii.String(d.Name + "."), Type: jsii.String("A"),
		AliasTarget: &awsroute53.CfnRecordSet_AliasTargetProperty{
			DnsName: name.DomainNameAliasDomainName(), HostedZoneId: name.DomainNameAliasHostedZoneId(),
		},
	})
}
