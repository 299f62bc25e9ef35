output "bucket" {
  description = "Name of the bucket; muster.yml says store: s3://NAME."
  value       = local.bucket
}

output "functions" {
  description = "Names of the functions, by backend."
  value       = { for name, backend in local.backends : name => backend.function }
}

output "sidecar_policy_arn" {
  description = "Policy for the role of each sidecar."
  value       = aws_iam_policy.sidecar.arn
}

output "alarm_topic_arn" {
  description = "Where the alarms go."
  value       = local.alarm_topic
}

output "bucket_policy" {
  description = "Policy that the bucket has, or that an existing bucket should have beside its own."
  value       = jsonencode({ Version = "2012-10-17", Statement = local.bucket_statements })
}
