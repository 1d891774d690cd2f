"""What is inside one node: its programs, their files, its share of the machine, and its process 1."""
