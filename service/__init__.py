"""The forecaster as a service: forecasts at intervals, one leader, health and metrics over HTTP."""
