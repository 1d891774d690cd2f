"""The board: the committed Grafana dashboards as a read-only page, where there is no Grafana."""
