"""How an experiment is carried out: planned, shown, injected, proved, reverted, recorded."""
