locals {
  new_bucket = var.existing_bucket == ""
  bucket     = local.new_bucket ? aws_s3_bucket.muster[0].bucket : var.existing_bucket
  bucket_arn = "arn:${local.partition}:s3:::${local.bucket}"
  key_arns   = var.kms == "none" ? [] : [var.kms == "own" ? aws_kms_key.muster[0].arn : var.kms]

  # After "expires" days an object goes (0: never), after "old" days what was overwritten or deleted. Never an object of
  # targets, parts or snapshots: they may stay as they are for years, and are all there is.
  lifecycle_rules = [
    { prefix = "journal/", expires = var.journal_days, old = 30 },
    { prefix = "retired/", expires = 90, old = 30 },
    { prefix = "held/", expires = 30, old = 1 },
    { prefix = "removals/", expires = 1, old = 1 },
    { prefix = "config/", expires = 0, old = 30 },
    { prefix = "targets/", expires = 0, old = 1 },
    { prefix = "parts/", expires = 0, old = 1 },
    { prefix = "snapshots/", expires = 0, old = 1 },
    { prefix = "status/", expires = 0, old = 1 },
    { prefix = "metrics/", expires = 0, old = 1 },
    { prefix = "muster-conditional-writes", expires = 0, old = 1 },
  ]

  # What a sidecar may read.
  published = [
    "targets/*", "parts/*", "metrics/*", "status/*", "journal/*", "snapshots/*",
    "retired/*", "held/*", "store.json",
  ]
  sidecar_statements = [
    {
      Sid      = "ReadPublished"
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = [for keys in local.published : "${local.bucket_arn}/${keys}"]
    },
    {
      Sid       = "ListPublished"
      Effect    = "Allow"
      Action    = ["s3:ListBucket"]
      Resource  = [local.bucket_arn]
      Condition = { StringLike = { "s3:prefix" = local.published } }
    },
  ]
  bucket_statements = concat(
    [
      {
        Sid       = "OnlyWithTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["s3:*"]
        Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "WrittenOnce"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["s3:PutObject"]
        Resource  = [for keys in ["journal/*", "parts/*"] : "${local.bucket_arn}/${keys}"]
        Condition = { Null = { "s3:if-none-match" = "true" } }
      },
      {
        Sid       = "NoBlindOverwrites"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["s3:PutObject"]
        Resource = [
          for keys in ["snapshots/*", "targets/*", "status/*", "metrics/*", "store.json"] :
          "${local.bucket_arn}/${keys}"
        ]
        Condition = { Null = { "s3:if-none-match" = "true", "s3:if-match" = "true" } }
      },
    ],
    [
      for statement in local.sidecar_statements :
      merge(statement, { Principal = { AWS = var.readers } }) if length(var.readers) > 0
    ],
  )
}

# The journal is the only record of what was scraped when. To take the module away but keep the bucket, see the README.
resource "aws_s3_bucket" "muster" {
  count  = local.new_bucket ? 1 : 0
  bucket = "${var.name}-${local.account}-${local.region}"
  tags   = local.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "muster" {
  count  = local.new_bucket ? 1 : 0
  bucket = aws_s3_bucket.muster[0].bucket

  rule {
    bucket_key_enabled = length(local.key_arns) > 0

    apply_server_side_encryption_by_default {
      sse_algorithm     = length(local.key_arns) > 0 ? "aws:kms" : "AES256"
      kms_master_key_id = one(local.key_arns)
    }
  }
}

resource "aws_s3_bucket_versioning" "muster" {
  count  = local.new_bucket ? 1 : 0
  bucket = aws_s3_bucket.muster[0].bucket

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_public_access_block" "muster" {
  count                   = local.new_bucket ? 1 : 0
  bucket                  = aws_s3_bucket.muster[0].bucket
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "muster" {
  count  = local.new_bucket ? 1 : 0
  bucket = aws_s3_bucket.muster[0].bucket

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "muster" {
  count  = local.new_bucket ? 1 : 0
  bucket = aws_s3_bucket.muster[0].bucket

  dynamic "rule" {
    for_each = local.lifecycle_rules

    content {
      id     = "muster-${trimprefix(trimsuffix(rule.value.prefix, "/"), "muster-")}"
      status = "Enabled"

      filter {
        prefix = rule.value.prefix
      }

      # With an age S3 clears delete markers by itself.
      expiration {
        days                         = rule.value.expires > 0 ? rule.value.expires : null
        expired_object_delete_marker = rule.value.expires > 0 ? null : true
      }

      noncurrent_version_expiration {
        noncurrent_days = rule.value.old
      }

      abort_incomplete_multipart_upload {
        days_after_initiation = 7
      }
    }
  }

  # S3 takes rules for old versions only of a bucket that keeps versions.
  depends_on = [aws_s3_bucket_versioning.muster]
}

resource "aws_s3_bucket_policy" "muster" {
  count  = local.new_bucket ? 1 : 0
  bucket = aws_s3_bucket.muster[0].bucket
  policy = jsonencode({ Version = "2012-10-17", Statement = local.bucket_statements })

  # Otherwise S3 may refuse the one while it takes the other.
  depends_on = [aws_s3_bucket_public_access_block.muster]

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_key" "muster" {
  count               = var.kms == "own" ? 1 : 0
  description         = "Encrypts what Muster keeps in its bucket"
  enable_key_rotation = true
  tags                = local.tags

  # The account's own policies decide who may use it; without this nobody could.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TheAccountDecides"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Action    = ["kms:*"]
        Resource  = ["*"]
      },
    ]
  })

  lifecycle {
    prevent_destroy = true

    precondition {
      condition     = local.new_bucket
      error_message = "kms = \"own\" makes a key for a new bucket: give the ARN of the key that the existing bucket has, or none."
    }
  }
}

resource "aws_iam_policy" "sidecar" {
  name_prefix = "${var.name}-sidecar-"
  description = "What a Muster sidecar needs: reading what is published"
  tags        = local.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.sidecar_statements,
      [for key in local.key_arns : { Sid = "Decrypt", Effect = "Allow", Action = ["kms:Decrypt"], Resource = [key] }],
    )
  })

  # Sidecars go on reading the bucket, which stays as well.
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_object" "config" {
  count       = var.config == "" ? 0 : 1
  bucket      = local.bucket
  key         = "config/muster.yml"
  source      = var.config
  source_hash = filemd5(var.config)

  # The bucket encrypts it, and versions keep what was there before.
  depends_on = [
    aws_s3_bucket_server_side_encryption_configuration.muster,
    aws_s3_bucket_versioning.muster,
  ]
}
