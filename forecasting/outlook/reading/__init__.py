"""Which series there are to forecast, what kind each one is, and its samples."""
