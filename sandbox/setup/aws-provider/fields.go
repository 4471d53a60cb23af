package main

import (
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
)

type fields = map[string]*tfbridge.SchemaInfo

// fieldsOf has, by Terraform type, names, generated names, JSON documents and lists of one, as pulumi-aws's
// provider/resources.go has them.
var fieldsOf = map[string]fields{
	"aws_cloudwatch_dashboard":    {"dashboard_body": document},
	"aws_cloudwatch_log_group":    {"name": generated(255)},
	"aws_cloudwatch_metric_alarm": {"alarm_name": generated(255)},
	"aws_ecr_lifecycle_policy":    {"policy": document},
	"aws_ecr_repository":          {"name": lower("name", 256)},
	"aws_ecs_cluster":             {"name": generated(255)},
	"aws_iam_instance_profile":    {"name": generated(128)},
	"aws_iam_role":                {"name": generated(64), "assume_role_policy": document},
	"aws_iam_role_policy":         {"name": generated(128), "policy": document},
	"aws_instance":                {"user_data_base64": {Name: "userDataBase64"}},
	"aws_key_pair":                {"key_name": tfbridge.AutoName("keyName", 255, "-")},
	"aws_s3_bucket":               {"bucket": lower("bucket", 63)},
	"aws_s3_bucket_policy":        {"policy": document},
	"aws_s3_bucket_lifecycle_configuration": {"rule": inside(fields{
		"abort_incomplete_multipart_upload": one(nil),
		"expiration":                        one(nil),
		"filter":                            one(fields{"and": one(nil), "tag": one(nil)}),
		"noncurrent_version_expiration":     one(nil),
	})},
	"aws_security_group": {
		"name":        generated(255),
		"description": {Default: &tfbridge.DefaultInfo{Value: "Managed by Pulumi"}},
	},
	"aws_sns_topic":              {"name": generated(256)},
	"aws_sns_topic_subscription": {"topic_arn": {Name: "topic"}},
}

var document = &tfbridge.SchemaInfo{Transform: tfbridge.TransformJSONDocument}

// generated is a name that is made of the resource's own and some random characters where the program gives none.
func generated(maxLength int) *tfbridge.SchemaInfo { return tfbridge.AutoName("name", maxLength, "-") }

func lower(name string, maxLength int) *tfbridge.SchemaInfo {
	return tfbridge.AutoNameTransform(name, maxLength, strings.ToLower)
}

func inside(elements fields) *tfbridge.SchemaInfo {
	return &tfbridge.SchemaInfo{Elem: &tfbridge.SchemaInfo{Fields: elements}}
}

// one is a list of at most one that Pulumi shows as the element itself.
func one(elements fields) *tfbridge.SchemaInfo {
	info := inside(elements)
	info.MaxItemsOne = tfbridge.True()
	return info
}
