locals {
  checks = "muster-conditional-writes*"

  # Keys of the bucket that a function may touch: what it writes and removes again, and what it reads and lists beside.
  removed = {
    for name, backend in local.backends : name => backend.cluster ? ["metrics/*", "retired/kube-state/*"] : concat(
      [for folder in ["targets", "parts", "held", "retired", "journal", "status"] : "${folder}/*/${name}-*"],
      ["removals/*"],
    )
  }
  written = {
    for name, backend in local.backends : name => concat(
      backend.cluster ? [] : ["snapshots/*/${name}-*"],
      local.removed[name],
      ["store.json", "config/last-good/${name}.yml", local.checks],
    )
  }
  # A drop is judged by what all providers together would lose: their statuses tell.
  read = {
    for name, backend in local.backends : name => concat(
      ["config/muster.yml"],
      backend.cluster ? [] : ["status/*"],
    )
  }

  bucket_access = {
    for name, backend in local.backends : name => concat(
      [
        {
          Sid      = "List"
          Effect   = "Allow"
          Action   = ["s3:ListBucket"]
          Resource = [local.bucket_arn]
          # Beside the listings this decides whether S3 says of an object that is not there 404 or 403. The protocol
          # lives on that 404.
          Condition = {
            StringLike = {
              "s3:prefix" = concat(backend.cluster ? [] : ["retired/"], local.read[name], local.written[name])
            }
          }
        },
        {
          Sid      = "Read"
          Effect   = "Allow"
          Action   = ["s3:GetObject"]
          Resource = [for keys in concat(local.read[name], local.written[name]) : "${local.bucket_arn}/${keys}"]
        },
        {
          Sid      = "Write"
          Effect   = "Allow"
          Action   = ["s3:PutObject"]
          Resource = [for keys in local.written[name] : "${local.bucket_arn}/${keys}"]
        },
        {
          Sid      = "Remove"
          Effect   = "Allow"
          Action   = ["s3:DeleteObject"]
          Resource = [for keys in concat(local.removed[name], [local.checks]) : "${local.bucket_arn}/${keys}"]
        },
      ],
      [
        for key in local.key_arns :
        { Sid = "UseKey", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [key] }
      ],
    )
  }

  # Its log, itself, the queue, and the network. Describing network interfaces cannot be narrowed.
  own_access = {
    for name, backend in local.backends : name => [
      for statement in [
        {
          Sid      = "Log"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = ["${local.arn["logs"]}:log-group:/aws/lambda/${backend.function}:*"]
        },
        {
          Sid      = "FanOut"
          Effect   = "Allow"
          Action   = ["lambda:InvokeFunction"]
          Resource = ["${local.arn["lambda"]}:function:${backend.function}"]
        },
        {
          Sid      = "KeepFailed"
          Effect   = "Allow"
          Action   = ["sqs:SendMessage"]
          Resource = var.dead_letter_queue ? ["${local.arn["sqs"]}:${var.name}-failed"] : []
        },
        {
          Sid      = "Parameters"
          Effect   = "Allow"
          Action   = ["ssm:GetParameter"]
          Resource = local.parameters[name]
        },
        {
          Sid      = "Secrets"
          Effect   = "Allow"
          Action   = ["secretsmanager:GetSecretValue"]
          Resource = local.secrets[name]
        },
        {
          Sid      = "OtherAccounts"
          Effect   = "Allow"
          Action   = ["sts:AssumeRole"]
          Resource = backend.roles
        },
        {
          Sid    = "DescribeClusters"
          Effect = "Allow"
          Action = ["eks:DescribeCluster"]
          Resource = [
            for cluster in backend.clusters :
            startswith(cluster, "arn:") ? cluster : "${local.arn["eks"]}:cluster/${cluster}"
          ]
        },
      ] : statement if length(statement.Resource) > 0
    ]
  }

  parameters = {
    for name, backend in local.backends : name => [
      for parameter in [for one in backend.credentials : trimprefix(one, "ssm:") if startswith(one, "ssm:")] :
      startswith(parameter, "arn:") ? parameter : "${local.arn["ssm"]}:parameter/${trimprefix(parameter, "/")}"
    ]
  }
  # Secrets Manager adds a dash and six characters to a secret's name.
  secrets = {
    for name, backend in local.backends : name => [
      for secret in [
        for one in backend.credentials : trimprefix(one, "secretsmanager:") if startswith(one, "secretsmanager:")
      ] :
      startswith(secret, "arn:") ? secret : join("", [
        "${local.arn["secretsmanager"]}:secret:${secret}", endswith(secret, "*") ? "" : "-??????",
      ])
    ]
  }

  # What the function may list with its own role, in its regions alone. With roles to assume it needs nothing itself.
  everywhere = {
    for name, backend in local.backends : name => sort(distinct(flatten([
      for service in backend.services : local.services[service].everywhere if length(backend.roles) == 0
    ])))
  }
  service_access = {
    for name, backend in local.backends : name => concat(
      [
        for actions in [local.everywhere[name]] : {
          Sid       = "ListServices"
          Effect    = "Allow"
          Action    = actions
          Resource  = ["*"]
          Condition = { StringEquals = { "aws:RequestedRegion" = backend.regions } }
        } if length(actions) > 0
      ],
      [
        for index, reading in flatten([
          for service in backend.services : local.services[service].narrow if length(backend.roles) == 0
        ]) :
        {
          Sid    = "ReadServices${index}"
          Effect = "Allow"
          Action = reading.actions
          Resource = flatten([
            for region in backend.regions : [
              for resource in reading.resources :
              "arn:${local.partition}:${reading.service}:${region}:${local.account}:${resource}"
            ]
          ])
        }
      ],
    )
  }

  # Lambda itself makes the network interfaces, with the function's role.
  network_access = [
    for statement in [
      {
        Sid      = "Network"
        Effect   = "Allow"
        Action   = ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"]
        Resource = [for kind in ["network-interface", "subnet", "security-group"] : "${local.arn["ec2"]}:${kind}/*"]
      },
      {
        Sid      = "DescribeNetwork"
        Effect   = "Allow"
        Action   = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]
        Resource = ["*"]
      },
    ] : statement if length(var.subnets) > 0
  ]
}

# The role of one function: its own keys of the bucket, its own log, itself, and the credentials that it names.
resource "aws_iam_role" "function" {
  for_each    = local.backends
  name_prefix = "${each.value.function}-"
  tags        = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" },
    ]
  })
}

resource "aws_iam_role_policy" "function" {
  for_each = local.backends
  name     = "muster"
  role     = aws_iam_role.function[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.bucket_access[each.key],
      local.own_access[each.key],
      local.service_access[each.key],
      local.network_access,
    )
  })
}

# What the scheduler takes to start the functions. The condition keeps other accounts' schedules out.
resource "aws_iam_role" "schedule" {
  name_prefix = "${var.name}-schedule-"
  tags        = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "scheduler.amazonaws.com" }
        Action    = "sts:AssumeRole"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
    ]
  })
}

resource "aws_iam_role_policy" "schedule" {
  name = "muster"
  role = aws_iam_role.schedule.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StartFunctions"
        Effect   = "Allow"
        Action   = ["lambda:InvokeFunction"]
        Resource = [for name, backend in local.backends : "${local.arn["lambda"]}:function:${backend.function}"]
      },
    ]
  })
}
