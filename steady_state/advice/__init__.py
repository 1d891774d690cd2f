"""Advice: what to change, from what a trial measured and what the cluster's manifests say.

Each module but `advice`, `case`, `finding`, `patches`, `deriving` and `store` is a family of rules: functions
that take a `Case` and yield advice, and are silent without evidence. `deriving.RULES` lists them.
"""
