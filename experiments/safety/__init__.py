"""How far a fault may reach, under which rights, and the way back, whoever dies in between."""
