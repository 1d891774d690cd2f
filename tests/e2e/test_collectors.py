"""Two log collectors on each node: either may be killed, and no line is lost, and none is shown twice."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import requests

from faultcast.infra.cluster import Cluster
from faultcast.infra.kube.client import KubeClient, connect
from faultcast.infra.stack.collectors import COLLECTORS
from faultcast.infra.waiting import Wait, wait_until
from faultcast.reports.loglines import once
from faultcast.reports.logs import VictoriaLogsSource

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SOON = Wait(60.0, 0.3)
PLENTY = Wait(90.0, 1.0)
NAMESPACE, PROGRAMS = "monitoring", {"vlagent": "vlagent", "rsyslog": "rsyslogd"}
PACE = 100
"""Lines a second that the pod writes at most; fewer on a machine that is busy."""
WRITE = """
i=0
while [ ! -e /tmp/stop ]; do
  echo "line $i of the count"
  i=$((i + 1))
  [ $((i % 10)) = 0 ] && sleep 0.1
done
echo "end $i"
sleep 3600
"""


@pytest.fixture(scope="module")
def kube(cluster: Cluster) -> KubeClient:
    return connect(cluster.kube_context)


@pytest.fixture
def counter(cluster: Cluster, kube: KubeClient) -> Iterator[str]:
    """A pod on the last node that writes numbered lines until it is told to stop; its label is its name."""
    name = f"counter-{uuid.uuid4().hex[:8]}"
    kube.core.create_namespaced_pod("default", counter_pod(name, cluster.nodes[-1].name, shell_image(kube)))
    yield name
    kube.core.delete_namespaced_pod(name, "default", grace_period_seconds=0)


def shell_image(kube: KubeClient) -> str:
    store: Any = kube.core.read_namespaced_pod("victoria-logs-0", NAMESPACE)
    image: str = store.spec.init_containers[0].image
    return image


def counter_pod(name: str, node: str, image: str) -> dict[str, Any]:
    container = {
        "name": "counter",
        "image": image,
        "command": ["sh", "-c", WRITE],
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    spec = {
        "nodeName": node,
        "terminationGracePeriodSeconds": 0,
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    return {"metadata": {"name": name, "labels": {"app": name}}, "spec": spec}


def pod_of(kube: KubeClient, collector: str, node: str) -> Any:
    found: Any = kube.core.list_namespaced_pod(
        NAMESPACE, label_selector=f"app={collector}", field_selector=f"spec.nodeName={node}"
    )
    return next((pod for pod in found.items if not pod.metadata.deletion_timestamp), None)


def incarnation(pod: Any) -> tuple[str, int] | None:
    """Which life of a collector this is; None while it does not run."""
    if pod is None or not pod.status.container_statuses:
        return None
    (status,) = pod.status.container_statuses
    return (pod.metadata.uid, status.restart_count) if status.ready else None


def kill_process(cluster: Cluster, kube: KubeClient, collector: str, node: str) -> None:
    """Kill the program itself; its container starts again in its pod."""
    program = PROGRAMS[collector]
    (pid,) = cluster.node_control.run(node, ["pgrep", "-x", program]).stdout.split()
    before = incarnation(pod_of(kube, collector, node))
    assert cluster.node_control.run(node, ["kill", "-KILL", pid]).code == 0
    wait_until(f"{collector} again", lambda: comes_after(kube, collector, node, before), SOON)


def delete_pod(_cluster: Cluster, kube: KubeClient, collector: str, node: str) -> None:
    """Delete its pod without grace; its daemon set makes another."""
    pod = pod_of(kube, collector, node)
    kube.core.delete_namespaced_pod(pod.metadata.name, NAMESPACE, grace_period_seconds=0)
    before = incarnation(pod)
    wait_until(f"another {collector}", lambda: comes_after(kube, collector, node, before), SOON)


def comes_after(kube: KubeClient, collector: str, node: str, before: tuple[str, int] | None) -> bool:
    now = incarnation(pod_of(kube, collector, node))
    return now is not None and now != before


def entries(cluster: Cluster, logsql: str) -> list[dict[str, str]] | None:
    """The log store's answer; None when it has nothing."""
    url = f"{cluster.endpoints.logs}/select/logsql/query"
    answer = requests.get(url, params={"query": logsql}, timeout=20.0)
    answer.raise_for_status()
    return [json.loads(line) for line in answer.text.splitlines()] or None


def lines_of(cluster: Cluster, app: str, collector: str) -> list[dict[str, str]] | None:
    """What one collector delivered of the pod; None while that is nothing."""
    return entries(cluster, f'_time:1h "kubernetes.pod_labels.app":={app} collector:={collector}')


def stopped_at(cluster: Cluster, app: str, collector: str) -> int | None:
    """How many lines the pod wrote, by its last one; None while the collector has not delivered that."""
    last = [
        line["_msg"] for line in lines_of(cluster, app, collector) or () if line["_msg"].startswith("end ")
    ]
    return int(last[0].split()[1]) if last else None


def stop(cluster: Cluster, kube: KubeClient, name: str) -> None:
    """End the count: the file appears in the pod's own folder, from outside of it."""
    pod: Any = kube.core.read_namespaced_pod(name, "default")
    place = f"/var/lib/kubelet/pods/{pod.metadata.uid}/volumes/kubernetes.io~empty-dir/tmp/stop"
    assert cluster.node_control.run(pod.spec.node_name, ["touch", place]).code == 0


@pytest.mark.parametrize("kill", [kill_process, delete_pod])
def test_no_line_is_lost_or_doubled_when_each_collector_is_killed_in_turn(
    cluster: Cluster,
    kube: KubeClient,
    counter: str,
    kill: Callable[[Cluster, KubeClient, str, str], None],
) -> None:
    start, node = datetime.now(UTC), cluster.nodes[-1].name
    for collector in COLLECTORS:
        wait_until(f"lines by {collector}", partial(lines_of, cluster, counter, collector), SOON)
    for collector in COLLECTORS:
        kill(cluster, kube, collector, node)
    stop(cluster, kube, counter)
    for collector in COLLECTORS:
        wait_until(f"the last line by {collector}", partial(stopped_at, cluster, counter, collector), PLENTY)
    written = stopped_at(cluster, counter, COLLECTORS[0]) or 0
    wanted = [f"line {number} of the count" for number in range(written)] + [f"end {written}"]
    assert written > PACE
    delivered = {name: lines_of(cluster, counter, name) or [] for name in COLLECTORS}
    # rsyslog notes its place only after the store has taken the lines; vlagent loses what it holds when it is
    # killed, and the other collector is there for that.
    careful = {line["_msg"] for line in delivered["rsyslog"]}
    assert careful == set(wanted), "rsyslog has lost lines"
    shown = [str(line["_msg"]) for line in once([line for found in delivered.values() for line in found])]
    assert shown == wanted
    check_excerpts(cluster, counter, start, wanted)


def check_excerpts(cluster: Cluster, app: str, start: datetime, wanted: list[str]) -> None:
    """What a report shows, second by second, is each line once."""
    source = VictoriaLogsSource(str(cluster.endpoints.logs))
    shown: list[str] = []
    while start < datetime.now(UTC):
        end = start + timedelta(seconds=1)
        text = source.excerpt(f"default/app={app}", start, end - timedelta(microseconds=1))
        shown += [line.split(" ", 2)[2] for line in text.splitlines()]
        start = end
    assert shown == wanted


@pytest.mark.parametrize("silent", COLLECTORS)
def test_while_one_collector_is_gone_the_other_one_delivers(
    cluster: Cluster, kube: KubeClient, silent: str, request: pytest.FixtureRequest
) -> None:
    nowhere = {"spec": {"template": {"spec": {"nodeSelector": {"faultcast.dev/nowhere": "yes"}}}}}
    back = {"spec": {"template": {"spec": {"nodeSelector": {"faultcast.dev/nowhere": None}}}}}
    node = cluster.nodes[-1].name
    try:
        kube.apps.patch_namespaced_daemon_set(silent, NAMESPACE, nowhere)
        wait_until(f"no {silent}", lambda: pod_of(kube, silent, node) is None, SOON)
        name = request.getfixturevalue("counter")
        (other,) = set(COLLECTORS) - {silent}
        found = wait_until(f"lines by {other}", partial(lines_of, cluster, name, other), SOON)
        assert found[0]["kubernetes.pod_labels.app"] == name
        assert not lines_of(cluster, name, silent)
    finally:
        kube.apps.patch_namespaced_daemon_set(silent, NAMESPACE, back)
    wait_until(f"{silent} again", lambda: incarnation(pod_of(kube, silent, node)), SOON)
    wait_until(f"what {silent} missed", partial(lines_of, cluster, name, silent), SOON)


@pytest.mark.parametrize("program", ["kubelet", "containerd", "apiserver"])
def test_what_the_nodes_own_programs_write_is_collected_by_both(cluster: Cluster, program: str) -> None:
    node = cluster.nodes[0].name
    for collector in COLLECTORS:
        logsql = f'_time:1d collector:={collector} node:={node} file:="/node/{program}.log"'
        wait_until(f"{program}'s log by {collector}", partial(entries, cluster, f"{logsql} | limit 1"), SOON)
