resource "aws_cloudwatch_log_group" "function" {
  for_each          = local.backends
  name              = "/aws/lambda/${each.value.function}"
  retention_in_days = var.log_retention_days
  tags              = local.tags
}

resource "aws_lambda_function" "function" {
  for_each      = local.backends
  function_name = each.value.function
  description = join("", [
    var.release == "" ? "Muster" : "Muster ${var.release}",
    each.value.cluster
    ? ": lists clusters and publishes their kube-state metrics"
    : ": lists targets of ${each.key} and publishes them",
  ])
  role          = aws_iam_role.function[each.key].arn
  runtime       = "nodejs24.x"
  architectures = ["arm64"]
  handler       = "index.handler"
  memory_size   = each.value.memory
  timeout       = each.value.timeout
  tags          = local.tags

  filename         = var.packages_bucket == "" ? "${var.packages}/function-${each.key}.zip" : null
  source_code_hash = var.packages_bucket == "" ? filebase64sha256("${var.packages}/function-${each.key}.zip") : null
  s3_bucket        = var.packages_bucket == "" ? null : var.packages_bucket
  s3_key           = var.packages_bucket == "" ? null : "${var.packages}/function-${each.key}.zip"

  reserved_concurrent_executions = var.reserved_concurrency

  environment {
    variables = {
      MUSTER_CONFIG           = "s3://${local.bucket}/config/muster.yml"
      MUSTER_STORE            = "s3://${local.bucket}"
      MUSTER_SCHEDULE         = var.schedule
      MUSTER_LOG_LEVEL        = var.log_level
      POWERTOOLS_SERVICE_NAME = var.name
      NODE_OPTIONS            = "--enable-source-maps --max-semi-space-size=4"
    }
  }

  dynamic "vpc_config" {
    for_each = length(var.subnets) > 0 ? [var.subnets] : []

    content {
      subnet_ids         = vpc_config.value
      security_group_ids = var.security_groups
    }
  }

  depends_on = [
    aws_cloudwatch_log_group.function,
    aws_iam_role_policy.function,
    aws_s3_bucket_policy.muster,
  ]
}

# The next tick is the retry. An earlier retry would only add load to a system that has a problem.
resource "aws_lambda_function_event_invoke_config" "function" {
  for_each                     = local.backends
  function_name                = aws_lambda_function.function[each.key].function_name
  qualifier                    = "$LATEST"
  maximum_event_age_in_seconds = 60
  maximum_retry_attempts       = 0

  dynamic "destination_config" {
    for_each = aws_sqs_queue.failed[*].arn

    content {
      on_failure {
        destination = destination_config.value
      }
    }
  }
}

resource "aws_sqs_queue" "failed" {
  count                     = var.dead_letter_queue ? 1 : 0
  name                      = "${var.name}-failed"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 14 * 86400
  tags                      = local.tags
}

resource "aws_scheduler_schedule" "function" {
  for_each            = local.backends
  name                = each.value.function
  description         = "Starts Muster's function for ${each.key}"
  schedule_expression = var.schedule
  state               = "ENABLED"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.function[each.key].arn
    role_arn = aws_iam_role.schedule.arn
    input    = "{}"

    retry_policy {
      maximum_retry_attempts       = 0
      maximum_event_age_in_seconds = 60
    }
  }

  lifecycle {
    precondition {
      condition     = local.gap > 0 && local.gap <= 259200
      error_message = "Alarms have to know how far apart the ticks are, three days at most: give schedule_gap_seconds beside cron(…)."
    }
  }
}
