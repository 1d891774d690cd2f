"""Did the steady state hold? Pure functions from a saved history to a verdict."""
