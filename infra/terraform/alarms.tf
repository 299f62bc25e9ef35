locals {
  # How many seconds two ticks can be apart.
  rate = regexall("^rate\\(([0-9]+) (minute|hour|day)s?\\)$", var.schedule)
  gap = var.schedule_gap_seconds > 0 ? var.schedule_gap_seconds : sum(concat([0], [
    for match in local.rate : tonumber(match[0]) * { minute = 60, hour = 3600, day = 86400 }[match[1]]
  ]))

  # Seconds of a period in which there is at least one tick; five minutes where the schedule allows that.
  period = max(300, ceil(local.gap / 60) * 60)
  # A quarter of an hour, and at least two ticks: one that fails may be a hiccup.
  again = max(2, ceil(900 / local.period))

  # What an alarm watches: "own" metrics are those that the functions count, the others Lambda's; "silence" says whether
  # silence is trouble too.
  watches = {
    for name, backend in local.backends : name => [
      {
        kind      = "stale"
        says      = "a ${backend.cluster ? "cluster" : "provider"} has had no whole listing for ${var.stale_seconds} seconds more than its refresh_interval or the schedule allows, or the function does not run"
        own       = true
        metric    = "SecondsOverdue"
        statistic = "Maximum"
        threshold = var.stale_seconds
        # Two ticks, so that silence is silence and not a tick that came a little late.
        period  = max(local.period, ceil(local.gap / 60) * 120)
        periods = 1
        silence = true
      },
      {
        kind      = "failing"
        says      = "cycles fail again and again; the last good ${backend.cluster ? "text stays, and is refused once it is old" : "lists stay"}"
        own       = true
        metric    = "CycleFailures"
        statistic = "Sum"
        threshold = 1
        period    = local.period
        periods   = local.again
        silence   = false
      },
      {
        kind      = "held"
        says      = "the guard holds a drop of the target count: look at muster status, then fix the backend or muster accept"
        own       = true
        metric    = "CyclesHeld"
        statistic = "Sum"
        threshold = 1
        period    = local.period
        periods   = 1
        silence   = false
      },
      {
        kind      = "pinned"
        says      = "an operator has pinned a list, which does not follow its backend: muster status says who, why and until when; muster unpin ends it"
        own       = true
        metric    = "CyclesPinned"
        statistic = "Sum"
        threshold = 1
        period    = local.period
        periods   = 1
        silence   = false
      },
      {
        kind      = "rejected"
        says      = "targets stay although the backend lacks them, since an operator rejected their removal: mend the backend, or muster accept"
        own       = true
        metric    = "TargetsRejected"
        statistic = "Sum"
        threshold = 1
        period    = local.period
        periods   = 1
        silence   = false
      },
      {
        kind      = "config"
        says      = "the configuration is wrong, empty or not to be read; the last good one stays in force"
        own       = true
        metric    = "ConfigErrors"
        statistic = "Sum"
        threshold = 1
        period    = local.period
        periods   = 2
        silence   = false
      },
      {
        kind      = "errors"
        says      = "invocations fail again and again: see the log of the function"
        own       = false
        metric    = "Errors"
        statistic = "Sum"
        threshold = 1
        period    = local.period
        periods   = local.again
        silence   = false
      },
      {
        kind      = "throttled"
        says      = "invocations are throttled: raise the reserved concurrency, or the account quota"
        own       = false
        metric    = "Throttles"
        statistic = "Sum"
        threshold = 1
        period    = local.period
        periods   = 2
        silence   = false
      },
      {
        kind      = "slow"
        says      = "an invocation took over 80 % of its ${backend.timeout} seconds: raise timeout or memory, or split the provider"
        own       = false
        metric    = "Duration"
        statistic = "Maximum"
        threshold = backend.timeout * 800
        period    = local.period
        periods   = 2
        silence   = false
      },
    ]
  }

  # Kube state is published as it is found: there is no guard, and nobody pins it.
  alarms = merge([
    for name, backend in local.backends : {
      for watch in local.watches[name] : "${name}-${watch.kind}" => merge(watch, { backend = name })
      if !(backend.cluster && contains(["held", "pinned", "rejected"], watch.kind))
    }
  ]...)

  alarm_topic = var.alarm_topic_arn == "" ? aws_sns_topic.alarms[0].arn : var.alarm_topic_arn
}

resource "aws_sns_topic" "alarms" {
  count = var.alarm_topic_arn == "" ? 1 : 0
  name  = "${var.name}-alarms"
  tags  = local.tags
}

resource "aws_sns_topic_subscription" "email" {
  count     = var.alarm_topic_arn == "" && var.alarm_email != "" ? 1 : 0
  topic_arn = aws_sns_topic.alarms[0].arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_cloudwatch_metric_alarm" "function" {
  for_each            = local.alarms
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "Muster, ${each.value.backend}: ${each.value.says}"
  namespace           = each.value.own ? "Muster" : "AWS/Lambda"
  metric_name         = each.value.metric
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = each.value.periods
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = each.value.silence ? "breaching" : "notBreaching"
  alarm_actions       = [local.alarm_topic]
  ok_actions          = [local.alarm_topic]
  tags                = local.tags

  dimensions = {
    for dimension, value in {
      service      = each.value.own ? var.name : ""
      mechanism    = each.value.own ? each.value.backend : ""
      FunctionName = each.value.own ? "" : local.backends[each.value.backend].function
    } : dimension => value if value != ""
  }
}
