"""What services refuse though botocore's models do not say it; each rule with the page of AWS's documents that does."""

import regex


def text(pattern):
    return lambda value: regex.fullmatch(pattern, value) is not None


def between(low, high):
    return lambda value: low <= value <= high


ECS_NAME = text("[A-Za-z0-9_-]{1,255}"), "up to 255 letters, numbers, underscores, and hyphens"
ROLE_ARN = text(r"arn:aws:iam::\d{12}:role/[\w+=,.@/-]+"), "a role's ARN"
RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)

# By service, shape and member: what holds for the value, and how that is said. The page of the operation says it, beneath
# https://docs.aws.amazon.com: AmazonECS/latest/APIReference/API_RunTask.html, and so in AmazonCloudWatch, AWSEC2 (of rules
# API_IpRange), AmazonCloudWatchLogs; of buckets AmazonS3/latest/userguide/bucketnamingrules.html.
RULES = {
    ("cloudwatch", "PutDashboardInput", "DashboardName"): (
        text("[A-Za-z0-9_-]{1,255}"),
        "up to 255 of A-Z, a-z, 0-9, - and _",
    ),
    ("cloudwatch", "PutMetricAlarmInput", "AlarmName"): (
        text(r"[^\x00-\x1f\x7f]+"),
        "without ASCII control characters",
    ),
    ("cloudwatch", "PutMetricAlarmInput", "Period"): (
        lambda value: value in (10, 20, 30) or value % 60 == 0,
        "10, 20, 30, or a multiple of 60",
    ),
    ("ec2", "ImportKeyPairRequest", "KeyName"): (text(r"[\x20-\x7e]{1,255}"), "up to 255 ASCII characters"),
    ("ec2", "SecurityGroupRuleRequest", "Description"): (
        text(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}"),
        "up to 255 of a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*",
    ),
    ("ecs", "CreateClusterRequest", "clusterName"): ECS_NAME,
    ("ecs", "RegisterTaskDefinitionRequest", "family"): ECS_NAME,
    ("ecs", "RegisterTaskDefinitionRequest", "executionRoleArn"): ROLE_ARN,
    ("ecs", "RegisterTaskDefinitionRequest", "taskRoleArn"): ROLE_ARN,
    ("ecs", "DescribeTasksRequest", "tasks"): (lambda value: 1 <= len(value) <= 100, "1 to 100 tasks"),
    ("ecs", "ListTasksRequest", "maxResults"): (between(1, 100), "between 1 and 100"),
    ("ecs", "RunTaskRequest", "clientToken"): (
        text(r"[\x21-\x7e]{1,64}"),
        "up to 64 characters in the range of 33-126",
    ),
    ("ecs", "RunTaskRequest", "count"): (between(1, 10), "up to 10"),
    ("ecs", "RunTaskRequest", "startedBy"): (
        text("[A-Za-z0-9_/-]{1,128}"),
        "up to 128 letters, numbers, hyphens, forward slashes, and underscores",
    ),
    ("logs", "PutRetentionPolicyRequest", "retentionInDays"): (
        lambda value: value in RETENTIONS,
        f"one of {RETENTIONS}",
    ),
    ("s3", "CreateBucketRequest", "Bucket"): (
        text("(?=.{3,63}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?"),
        "3 to 63 lowercase letters, numbers, periods, and hyphens",
    ),
}


# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html#id_tags_naming_best_practices
TAG_TEXT = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]"
TAG_KEY, TAG_VALUE = text(TAG_TEXT + "{1,128}"), text(TAG_TEXT + "{0,256}")


def check_tags(service, shape, value):
    """What no service takes of tags, as sentences. EC2 alone takes all characters."""
    if shape.type_name == "list" and shape.member.name == "Tag":
        tags = [(tag.get("Key", tag.get("key")) or "", tag.get("Value", tag.get("value")) or "") for tag in value]
    elif shape.type_name == "map" and shape.key.name == "TagKey":
        tags = list(value.items())
    else:
        return
    if len(tags) > 50:
        yield "The maximum number of tags per resource is 50"
    if any(key.lower().startswith("aws:") for key, _ in tags):
        yield "Tag keys starting with aws: are reserved for internal use"
    if service != "ec2" and not all(TAG_KEY(key) and TAG_VALUE(own) for key, own in tags):
        yield f"Tags must satisfy regular expression pattern: {TAG_TEXT}, keys up to 128 and values up to 256"
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules_creating
    if service == "iam" and len({key.lower() for key, _ in tags}) < len(tags):
        yield "Duplicate tag keys found. Please note that Tag keys are case insensitive."
