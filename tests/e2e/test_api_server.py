"""The contract of API servers, held against the real one: what the fake of the unit tests may claim."""

import pytest
from kubernetes.client.exceptions import ApiException

from faultcast.infra.cluster import Cluster
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.waiting import SystemClock, Wait, wait_until
from tests.contract.api_server import SPACE, check_api_server

pytestmark = pytest.mark.e2e


def test_the_contract(cluster: Cluster, kube: KubeClient) -> None:
    container = {
        "name": "main",
        "image": cluster.helper_image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-c", "import time; time.sleep(600)"],
    }
    check_api_server(kube, container, SystemClock())

    def gone() -> bool:
        try:
            kube.core.read_namespace(SPACE)
        except ApiException as error:
            return bool(error.status == 404)
        return False

    wait_until("the namespace of the test is gone", gone, Wait(60.0))
