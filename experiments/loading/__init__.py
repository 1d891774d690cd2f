"""From a file to checked experiments, or to a refusal with its line and a remedy."""
