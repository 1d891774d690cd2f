"""Advice: what to change, from what a trial measured and what the cluster's manifests say.

Each module but `advice`, `case`, `patches`, `deriving` and `store` is a family of rules: functions that take
a `Case` and yield advice, and are silent when the evidence is not there. `deriving.RULES` lists them.
"""
