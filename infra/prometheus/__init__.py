"""Prometheus' HTTP API: who may ask, how, and what comes back."""
