"""What a cluster's manifests say around a trial: read before the fault and after it, saved with the trial."""
