"""The dashboards as code; only this package needs `grafana-foundation-sdk`, and only to render the JSON."""
