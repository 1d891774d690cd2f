"""What all of the repository's own tests share: they find each other, and `bench`, which is not installed."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))
