"""Kinds of faults that Acme needs."""
