locals {
  # A graph and the metric that it shows; "of" names the backends that have it, where not all do.
  graphs = [
    { title = "Seconds overdue", stat = "Maximum", metric = "SecondsOverdue", own = true, of = "" },
    { title = "Failed cycles", stat = "Sum", metric = "CycleFailures", own = true, of = "" },
    { title = "Cycles", stat = "SampleCount", metric = "CycleFailures", own = true, of = "" },
    { title = "Held changes", stat = "Sum", metric = "CyclesHeld", own = true, of = "targets" },
    { title = "Pinned lists", stat = "Sum", metric = "CyclesPinned", own = true, of = "targets" },
    { title = "Rejected removals, in targets", stat = "Maximum", metric = "TargetsRejected", own = true, of = "targets" },
    { title = "Targets of the largest provider", stat = "Maximum", metric = "Targets", own = true, of = "targets" },
    { title = "Samples of the largest kube-state output", stat = "Maximum", metric = "Samples", own = true, of = "cluster" },
    { title = "Duration of a cycle, p95", stat = "p95", metric = "CycleDuration", own = true, of = "" },
    { title = "Requests to the backends", stat = "Sum", metric = "BackendRequests", own = true, of = "targets" },
    { title = "Configuration not in force", stat = "Sum", metric = "ConfigErrors", own = true, of = "" },
    { title = "Failed invocations", stat = "Sum", metric = "Errors", own = false, of = "" },
    { title = "Throttled invocations", stat = "Sum", metric = "Throttles", own = false, of = "" },
  ]

  # A line for each backend.
  lines = {
    for graph in local.graphs : graph.title => [
      for name, backend in local.backends : concat(
        graph.own ? ["Muster", graph.metric, "service", var.name, "mechanism", name] : [
          "AWS/Lambda", graph.metric, "FunctionName", backend.function,
        ],
        [{ stat = graph.stat, label = name }],
      ) if graph.of == "" || (graph.of == "cluster") == backend.cluster
    ]
  }
  shown = [for graph in local.graphs : graph if length(local.lines[graph.title]) > 0]
}

# Three graphs a row.
resource "aws_cloudwatch_dashboard" "muster" {
  count = var.dashboard ? 1 : 0
  # A name is the account's, not the region's.
  dashboard_name = "${var.name}-${local.region}"

  dashboard_body = jsonencode({
    widgets = [
      for index, graph in local.shown : {
        type   = "metric"
        x      = (index % 3) * 8
        y      = floor(index / 3) * 6
        width  = 8
        height = 6
        properties = {
          title   = graph.title
          region  = local.region
          period  = local.period
          view    = "timeSeries"
          metrics = local.lines[graph.title]
        }
      }
    ]
  })
}
