"""Who writes, when several could: leader election by a Lease, or nobody to ask."""
