"""State of the cluster's objects as metrics, under the names and labels of kube-state-metrics.

Only what Faultcast queries is here. The package runs inside an image, as `python3 -m exporter`, with nothing
but the standard library and prometheus-client.
"""
