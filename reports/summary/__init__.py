"""The run on one page and in one comment: verdicts, score, advice, and how to repeat."""
