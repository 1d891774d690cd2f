"""Marks of a fault while it is in place, where people look: dashboards, log store, events of the target."""
