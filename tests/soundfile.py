"""A small experiment that is sound, to be broken by tests in one place."""

SOUND = """\
title: t
description: d
method:
  - type: action
    name: kill
    provider:
      type: python
      module: faultcast.experiments.faults.pod_delete
      func: delete_pods
      arguments: {namespace: shop, label_selector: app=gateway, duration: 20s}
rollbacks:
  - type: action
    name: back
    provider: {type: python, module: faultcast.experiments.faults.pod_delete, func: restore_pods}
extensions:
  - name: faultcast
    metrics:
      - {name: errors, query: 'sum(rate(e[10s]))'}
    blast_radius: {namespaces: [shop]}
"""


def with_in_method(activity: str) -> str:
    """The experiment with one more activity ahead of its fault, in line 4."""
    return SOUND.replace("method:\n", f"method:\n  - {activity}\n")
