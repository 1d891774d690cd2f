"""The judge's forecast of one window, and how odd that window is beside past ones."""
