"""What runs inside a helper pod: one effect, kept up for a bounded time, then undone and checked.

The package runs inside an image, as `python3 -m helper`, with nothing but the standard library and a few
programs of Debian. Its order comes as JSON in the variable `FAULTCAST_ORDER`. A new task is one module here
and one line in `tasks/register.py`.
"""
