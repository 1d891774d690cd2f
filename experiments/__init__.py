"""Experiments: what to break, how far it may reach, proof that it broke, and the way back."""
