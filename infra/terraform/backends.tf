locals {
  # A row for each package of a release: memory in MB, timeout in seconds, and the service of AWS that it lists. A test
  # holds the rows against serverless.yml.
  presets = {
    aws         = { memory = 768, timeout = 90, services = [] }
    consul      = { memory = 768, timeout = 90, services = [] }
    dns         = { memory = 256, timeout = 90, services = [] }
    docker      = { memory = 256, timeout = 90, services = [] }
    dockerswarm = { memory = 256, timeout = 90, services = [] }
    ec2         = { memory = 512, timeout = 90, services = ["ec2"] }
    ecs         = { memory = 512, timeout = 90, services = ["ecs"] }
    elasticache = { memory = 512, timeout = 90, services = ["elasticache"] }
    eureka      = { memory = 512, timeout = 90, services = [] }
    file        = { memory = 512, timeout = 90, services = [] }
    http        = { memory = 512, timeout = 90, services = [] }
    kube-state  = { memory = 1024, timeout = 120, services = [] }
    kubernetes  = { memory = 1024, timeout = 120, services = [] }
    lightsail   = { memory = 512, timeout = 90, services = ["lightsail"] }
    marathon    = { memory = 512, timeout = 90, services = [] }
    msk         = { memory = 512, timeout = 90, services = ["msk"] }
    nerve       = { memory = 512, timeout = 90, services = [] }
    nomad       = { memory = 512, timeout = 90, services = [] }
    rds         = { memory = 512, timeout = 90, services = ["rds"] }
    serverset   = { memory = 512, timeout = 90, services = [] }
    static      = { memory = 256, timeout = 90, services = [] }
    swarm       = { memory = 256, timeout = 90, services = [] }
  }

  # The backends that are deployed, with all settings.
  backends = {
    for name, own in var.backends : name => {
      memory      = coalesce(own.memory, local.presets[name].memory)
      timeout     = coalesce(own.timeout, local.presets[name].timeout)
      credentials = own.credentials
      clusters    = own.clusters
      roles       = own.roles
      services    = concat(local.presets[name].services, own.services)
      regions     = length(own.regions) == 0 ? [local.region] : own.regions
      function    = "${var.name}-${name}"
      cluster     = name == "kube-state"
    }
  }

  # What a role has to be allowed to list one service of AWS: "everywhere" are actions for which AWS takes only * as the
  # resource, kept to the regions that are listed; "narrow" the others, by the end of the ARN of what they read.
  services = {
    ec2 = {
      everywhere = ["ec2:DescribeAvailabilityZones", "ec2:DescribeInstances"]
      narrow     = []
    }
    ecs = {
      everywhere = ["ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces", "ecs:ListClusters", "ecs:ListServices"]
      narrow = [
        { actions = ["ecs:DescribeClusters"], service = "ecs", resources = ["cluster/*"] },
        { actions = ["ecs:DescribeServices"], service = "ecs", resources = ["service/*"] },
        { actions = ["ecs:DescribeTasks"], service = "ecs", resources = ["task/*"] },
        {
          actions   = ["ecs:DescribeContainerInstances", "ecs:ListTasks"]
          service   = "ecs"
          resources = ["container-instance/*"]
        },
      ]
    }
    elasticache = {
      everywhere = []
      narrow = [
        {
          actions = [
            "elasticache:DescribeCacheClusters",
            "elasticache:DescribeServerlessCaches",
            "elasticache:ListTagsForResource",
          ]
          service   = "elasticache"
          resources = ["cluster:*", "serverlesscache:*"]
        },
      ]
    }
    lightsail = {
      everywhere = ["lightsail:GetInstances"]
      narrow     = []
    }
    msk = {
      everywhere = ["kafka:ListClustersV2"]
      narrow = [
        { actions = ["kafka:DescribeClusterV2", "kafka:ListNodes"], service = "kafka", resources = ["cluster/*"] },
      ]
    }
    rds = {
      everywhere = []
      narrow = [
        { actions = ["rds:DescribeDBClusters"], service = "rds", resources = ["cluster:*"] },
        { actions = ["rds:DescribeDBInstances"], service = "rds", resources = ["db:*"] },
      ]
    }
  }
}
