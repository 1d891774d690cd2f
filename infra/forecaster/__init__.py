"""The forecaster in a cluster: its Kubernetes objects, brought there and looked at."""
