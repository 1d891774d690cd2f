"""Everything that runs on the local cluster: DNS, monitoring, logs, database, and a workload to break."""
