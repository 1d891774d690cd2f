"""The outlook: weeks of history of any metric in, weeks ahead out, with the measured accuracy.

The way of one series, each step a module with a frozen dataclass of its own::

    Subject (what, how it is read) -> History (regular, filled, marked) -> Outlook (forecast, scores, limit)
"""
