"""The pods that act on a node for a fault: their Jobs, and what they say."""
