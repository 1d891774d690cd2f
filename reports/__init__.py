"""Records of runs and the places they are published to."""
