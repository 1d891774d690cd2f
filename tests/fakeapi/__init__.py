"""A Kubernetes cluster in memory, below the real Kubernetes client: see `cluster.FakeApi`."""

from tests.fakeapi.cluster import FakeApi

__all__ = ["FakeApi"]
