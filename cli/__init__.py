"""The command `faultcast`, one file for each group of commands."""
