"""What several kinds of fault have in common; each kind is one module of `faults` on one of these."""
