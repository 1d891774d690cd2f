"""The sinks, one file for each place a record goes to."""
