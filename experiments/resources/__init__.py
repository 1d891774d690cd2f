"""What faults see of a cluster: its objects, their owners, how whole they are, and under which rights."""
