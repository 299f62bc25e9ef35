terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.21" # the first with the runtime nodejs24.x
    }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region

  # The beginning of ARNs of this account and region: "${local.arn["lambda"]}:function:x".
  arn = {
    for service in ["ec2", "eks", "lambda", "logs", "secretsmanager", "sqs", "ssm"] :
    service => "arn:${local.partition}:${service}:${local.region}:${local.account}"
  }
  tags = merge({ application = "muster" }, var.tags)
}
