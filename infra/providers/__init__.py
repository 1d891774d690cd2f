"""One package or module for each way to come by a cluster."""
