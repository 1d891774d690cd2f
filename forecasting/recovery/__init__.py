"""The forecast of where a metric has to come back to, by the model that past origins chose."""
