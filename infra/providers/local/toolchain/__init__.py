"""The programs of the local cluster, built from pinned Go modules."""
