variable "name" {
  description = "What the names of all resources begin with; muster deploy-check takes it as --stack."
  type        = string
  default     = "muster"

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{0,24}$", var.name))
    error_message = "Must begin with a letter and have at most 25 letters, digits and dashes."
  }
}

variable "backends" {
  description = "The backends that muster.yml uses, and kube-state, as in { consul = {}, kubernetes = { clusters = [\"blue\"] } }. \"muster check\" prints their names."
  type = map(object({
    # MB and seconds; the presets are in backends.tf.
    memory  = optional(number)
    timeout = optional(number)
    # What the stanzas' *_ref name: "ssm:/path", "secretsmanager:name", with * at the end for all below.
    credentials = optional(list(string), [])
    # EKS clusters that it may describe, by name, or by ARN for those of another region.
    clusters = optional(list(string), [])
    # ARNs of roles that it may assume.
    roles = optional(list(string), [])
    # Services of AWS that aws lists, its roles in muster.yml: ec2, ecs, elasticache, lightsail, msk, rds.
    services = optional(list(string), [])
    # Regions that it lists of them; none for the region of the function.
    regions = optional(list(string), [])
  }))

  validation {
    condition     = length(var.backends) > 0
    error_message = "Name at least one backend; muster check prints those that muster.yml uses."
  }

  validation {
    condition = alltrue(flatten([
      for backend in var.backends : [
        for one in backend.credentials : can(regex("^(ssm|secretsmanager):[^#]+$", one))
      ]
    ]))
    error_message = "Credentials must be ssm:/path or secretsmanager:name, without #field."
  }
}

variable "packages" {
  description = "Folder with the function-*.zip of a release; with packages_bucket the prefix of their keys there."
  type        = string
}

variable "packages_bucket" {
  description = "Bucket with the packages, in the same region. Empty: they are uploaded from the folder."
  type        = string
  default     = ""
}

variable "release" {
  description = "Version of the packages, for the descriptions of the functions."
  type        = string
  default     = ""
}

variable "config" {
  description = "Path of muster.yml, which is copied into the bucket. Empty: you copy it to config/muster.yml yourself."
  type        = string
  default     = ""
}

variable "existing_bucket" {
  description = "Name of a bucket to use instead of a new one. The module does not change it: see the README."
  type        = string
  default     = ""
}

variable "kms" {
  description = "\"own\": a KMS key for a new bucket; or the ARN of the bucket's key."
  type        = string
  default     = "none"

  validation {
    condition     = contains(["none", "own"], var.kms) || startswith(var.kms, "arn:")
    error_message = "Must be none, own, or the ARN of a key."
  }
}

variable "schedule" {
  description = "When the functions tick: rate(…) or cron(…) of EventBridge Scheduler."
  type        = string
  default     = "rate(1 minute)"

  validation {
    condition     = can(regex("^(rate\\([1-9][0-9]{0,5} (minute|hour|day)s?\\)|cron\\(.+\\))$", var.schedule))
    error_message = "Must be rate(…) or cron(…)."
  }
}

variable "schedule_gap_seconds" {
  description = "How many seconds two ticks can be apart, which alarms have to know. Needed with cron(…) only; three days at most."
  type        = number
  default     = 0

  validation {
    condition     = var.schedule_gap_seconds >= 0 && var.schedule_gap_seconds <= 259200
    error_message = "Ticks may be three days apart at most, or alarms cannot follow."
  }
}

variable "reserved_concurrency" {
  description = "Reserved concurrency of each function; 20 serves a hundred providers. -1 for none."
  type        = number
  default     = -1
}

variable "journal_days" {
  description = "Older changes are removed, even if journal: { keep } in muster.yml is longer: to keep them longer, raise both."
  type        = number
  default     = 90
}

variable "stale_seconds" {
  description = "A listing that is overdue for so long sets an alarm off."
  type        = number
  default     = 900
}

variable "alarm_topic_arn" {
  description = "An SNS topic for the alarms. Empty: a new one."
  type        = string
  default     = ""
}

variable "alarm_email" {
  description = "Address that a new topic sends the alarms to."
  type        = string
  default     = ""
}

variable "dashboard" {
  description = "Whether there is a dashboard."
  type        = bool
  default     = true
}

variable "dead_letter_queue" {
  description = "Whether events of invocations that failed are kept in a queue. Nothing is lost without it."
  type        = bool
  default     = false
}

variable "subnets" {
  description = "Private clusters: subnets of the functions."
  type        = list(string)
  default     = []
}

variable "security_groups" {
  description = "Private clusters: security groups of the functions."
  type        = list(string)
  default     = []
}

variable "readers" {
  description = "ARNs of other accounts or their roles that may read what is published."
  type        = list(string)
  default     = []
}

variable "log_retention_days" {
  description = "How long the logs of the functions are kept."
  type        = number
  default     = 30
}

variable "log_level" {
  description = "debug, info, warn or error."
  type        = string
  default     = "info"

  validation {
    condition     = contains(["debug", "info", "warn", "error"], var.log_level)
    error_message = "Must be debug, info, warn or error."
  }
}

variable "tags" {
  description = "Tags of all resources, beside application = muster."
  type        = map(string)
  default     = {}
}
