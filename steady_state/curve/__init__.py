"""The resilience curve: since when a metric is seen to deviate, how deep it fell, what was lost."""
