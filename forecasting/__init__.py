"""Metric series, where they come from, and forecasts of them with measured errors."""
