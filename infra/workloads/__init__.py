"""Workloads to break; each folder is deployed by itself."""
