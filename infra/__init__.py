"""Clusters and everything under them; imports nothing else of Faultcast."""
