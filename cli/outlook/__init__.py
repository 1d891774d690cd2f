"""Commands that look weeks ahead: outlooks, model versions, and the forecaster as a service."""
