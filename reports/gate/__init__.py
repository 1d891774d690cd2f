"""The gate: rules that a run has to meet, and what it says when it does not."""
