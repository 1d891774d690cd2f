"""How well a fault was borne, in points from 0 to 100, with what each metric and experiment cost."""
