"""Fixtures that stand in for a cluster, as text for a `conftest.py` of their own."""

NO_CLUSTER = """
import pytest
from faultcast.infra.cluster import Cluster, Endpoints, NoNodeControl
from faultcast.infra.kube.kubeconfig import KubeContext

@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    context = KubeContext(tmp_path_factory.mktemp("c") / "kubeconfig", "it")
    return Cluster("fake", "existing", context, "uid", (), Endpoints(), NoNodeControl())

@pytest.fixture(scope="session")
def kube(): return None

@pytest.fixture(scope="session")
def recording(): return None

@pytest.fixture(scope="session")
def healed(): return None

@pytest.fixture(scope="session")
def settled(): return None
"""
