"""A small shop with shelf sensors: a workload worth breaking.

::

    sensors  ──►  gateway (2)  ──►  store (1)  ──►  database
    open loop     timeout,          fragile on
                  one retry         purpose

Sensors report how many pieces lie on a shelf; the store knows the catalog and keeps the stock. The package
runs inside an image, as `python3 -m shop.sensors` (gateway, store), with the standard library,
prometheus-client and PyMySQL.
"""
