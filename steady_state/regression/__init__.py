"""Whether a system bears the same faults worse, or better, than before."""
