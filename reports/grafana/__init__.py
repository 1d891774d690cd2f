"""Grafana dashboards: their source, the committed JSON, and how it reaches a Grafana."""
