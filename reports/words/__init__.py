"""What a trial found, in words: the same sentences wherever it is published."""
