"""The pure parts of the helper's tasks: what `/proc` says, what is added and removed, how much and when."""

import json
from pathlib import Path
from typing import Any

import pytest

from faultcast.infra.helper.folders import Space, inside, remains, remove
from faultcast.infra.helper.groups import counter, folder_of, folders_of
from faultcast.infra.helper.measuring import Measuring
from faultcast.infra.helper.order import Order
from faultcast.infra.helper.probes import question, rcode_of
from faultcast.infra.helper.qdisc import default_interface, gateway_of, root_of
from faultcast.infra.helper.rules import deletions
from faultcast.infra.helper.targets import Process, TargetContainer, processes
from faultcast.infra.helper.task import TaskError
from faultcast.infra.helper.tasks import kill as kill_module
from faultcast.infra.helper.tasks.cpu import share_of
from faultcast.infra.helper.tasks.fill import wanted
from faultcast.infra.helper.tasks.kill import Kill
from faultcast.infra.helper.worker import available, risen

POD = "407c5e1a-18c3-442d-9d4d-1f47617b1656"
ONE, TWO, SIDE, PAUSE = ("a" * 64, "b" * 64, "c" * 64, "d" * 64)


class Node:
    """A made-up `/proc`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def add(self, pid: int, container: str, *command: str, inner: int = 1, parent: int = 2) -> None:
        folder = self.root / str(pid)
        folder.mkdir()
        (folder / "status").write_text(f"Name:\tx\nPPid:\t{parent}\nNSpid:\t{pid}\t{inner}\n")
        (folder / "cmdline").write_bytes("\0".join(command).encode() + b"\0")
        path = f"/node/kubepods/burstable/pod{POD}/{container}" if container else "/"
        (folder / "cgroup").write_text(f"4:memory:{path}\n2:cpu,cpuacct:{path}\n0::{path}\n")

    def end(self, pid: int) -> None:
        for file in (self.root / str(pid)).iterdir():
            file.unlink()
        (self.root / str(pid)).rmdir()


@pytest.fixture
def node(tmp_path: Path) -> Node:
    root = tmp_path / "proc"
    root.mkdir()
    node = Node(root)
    node.add(10, PAUSE, "/usr/bin/catatonit", "-P")
    node.add(11, ONE, "/usr/bin/shop", "gateway")
    node.add(12, ONE, "/usr/bin/shop", "child", inner=7, parent=11)
    node.add(13, SIDE, "/usr/bin/side")
    node.add(14, "", "/usr/bin/sshd")
    node.add(15, ONE, "python3", "-m", "helper.worker", "{}", inner=15)
    return node


def test_a_container_is_found_by_its_id_and_no_worker_is_taken_for_it(node: Node) -> None:
    target = TargetContainer({"container": ONE, "pod": POD}, node.root)
    assert target.require().pid == 11
    assert {process.pid for process in target.running()} == {10, 11, 12, 13}
    assert 15 not in {process.pid for process in processes(node.root)}


def test_a_restarted_container_is_found_again_by_its_pod_beside_others(node: Node) -> None:
    target = TargetContainer({"container": ONE, "pod": POD}, node.root)
    target.require()
    node.end(11)
    node.end(12)
    assert target.find() is None
    node.add(21, TWO, "/usr/bin/shop", "gateway")
    found = target.find()
    assert found is not None
    assert (found.pid, target.container) == (21, TWO)


def test_a_container_that_is_not_here_is_an_error(node: Node) -> None:
    with pytest.raises(TaskError, match="no process on this node"):
        TargetContainer({"container": TWO}, node.root).require()


@pytest.mark.parametrize(
    "path",
    [
        f"/kubepods/pod{POD}/{ONE}",
        f"/kubepods.slice/kubepods-pod{POD.replace('-', '_')}.slice/cri-containerd-{ONE}.scope",
        f"/system.slice/containerd.service/kubepods-pod{POD.replace('-', '_')}.slice:cri-containerd:{ONE}",
    ],
)
def test_group_paths_of_all_drivers_tell_container_and_pod(path: str) -> None:
    process = Process(1, 0, 1, True, "shop", ("shop",), {"": path})
    assert process.container == ONE
    assert process.in_pod(POD)
    assert not process.in_pod(POD.replace("4", "5"))


def test_groups_of_version_one_are_one_folder_for_each_hierarchy(tmp_path: Path) -> None:
    for name in ("cpu,cpuacct", "memory"):
        (tmp_path / name / "pod/x").mkdir(parents=True)
        (tmp_path / name / "pod/x/cgroup.procs").touch()
    groups = {"cpu": "/pod/x", "cpuacct": "/pod/x", "memory": "/pod/x", "": "/"}
    assert folders_of(groups, ("cpu", "cpuacct"), tmp_path) == [tmp_path / "cpu,cpuacct/pod/x"]
    assert folder_of(groups, "memory", tmp_path) == tmp_path / "memory/pod/x"


def test_groups_of_version_two_are_one_folder_and_none_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "pod/x").mkdir(parents=True)
    (tmp_path / "pod/x/cgroup.procs").touch()
    (tmp_path / "pod/x/memory.events").write_text("oom 3\noom_kill 2\n")
    assert folders_of({"": "/pod/x"}, ("cpu", "cpuset"), tmp_path) == [tmp_path / "pod/x"]
    assert counter(tmp_path / "pod/x/memory.events", "oom_kill") == 2
    assert counter(tmp_path / "nothing", "oom_kill") == 0
    with pytest.raises(TaskError, match="no control group"):
        folders_of({"": "/pod/y"}, ("cpu",), tmp_path)


def test_workers_share_what_is_asked_and_ramps_rise_to_all_of_it(tmp_path: Path) -> None:
    assert share_of(0.5, 2) == pytest.approx(0.25)
    assert share_of(4, 2) == pytest.approx(1.0)
    assert [risen(100, 10, now) for now in (99, 105, 120)] == [0.0, 0.5, 1.0]
    assert risen(100, 0, 100) == pytest.approx(1.0)
    (tmp_path / "meminfo").write_text("MemTotal: 20 kB\nMemAvailable:   8 kB\n")
    assert available(tmp_path / "meminfo") == 8192


def test_a_fill_stays_within_percent_floor_and_cap() -> None:
    space = Space(used=400, free=600)
    assert space.share == pytest.approx(0.4)
    assert wanted(space, 90, 0, 0) == 500
    assert wanted(space, 90, 200, 0) == 400
    assert wanted(space, 90, 200, 50) == 50
    assert wanted(space, 30, 0, 0) == 0
    assert wanted(space, 90, 700, 0) == 0


def test_links_of_a_container_never_lead_out_of_its_root(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "data").symlink_to("/real")
    (tmp_path / "up").symlink_to("../../../real")
    (tmp_path / "round").symlink_to("/round")
    assert inside(tmp_path, "/data/x") == tmp_path / "real/x"
    assert inside(tmp_path, "/up") == tmp_path / "real"
    assert inside(tmp_path, "/../../etc") == tmp_path / "etc"
    with pytest.raises(TaskError, match="too many links"):
        inside(tmp_path, "/round")


def test_only_files_of_the_order_are_removed(tmp_path: Path) -> None:
    names = (".faultcast-e1", ".faultcast-e1-0", ".faultcast-e12", ".faultcast-e1-x", "e1")
    for name in names:
        (tmp_path / name).touch()
    target = TargetContainer({})
    assert {file.name for file in remains("e1", target, str(tmp_path))} == set(names[:2])
    assert remove("e1", target, str(tmp_path)) == []
    assert {file.name for file in tmp_path.iterdir()} == set(names[2:])


SAVED = """\
*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -m comment --comment "faultcast:e1" -j REDIRECT --to-ports 9
COMMIT
*filter
-A INPUT -p udp -m udp --sport 53 -m comment --comment faultcast:e1 -j DROP
-A INPUT -p udp -m comment --comment "faultcast:e12" -j DROP
-A INPUT -m comment --comment "a note: faultcast:e1" -j ACCEPT
COMMIT
"""


def test_rules_are_undone_in_all_tables_by_the_orders_id_only() -> None:
    assert [" ".join(command) for command in deletions(SAVED, "e1")] == [
        "-t nat -D PREROUTING -p tcp -m comment --comment faultcast:e1 -j REDIRECT --to-ports 9",
        "-t filter -D INPUT -p udp -m udp --sport 53 -m comment --comment faultcast:e1 -j DROP",
    ]
    assert deletions(SAVED, "e3") == []


ROUTES = """\
Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
eth1\t0001650A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
net7\t00000000\t0101650A\t0003\t0\t0\t0\t00000000\t0\t0\t0
"""


def test_the_interface_is_that_of_the_default_route() -> None:
    assert default_interface(ROUTES) == "net7"
    with pytest.raises(TaskError, match="no default route"):
        default_interface(ROUTES.rsplit("net7", 1)[0])


def test_the_gateway_is_that_of_the_default_route() -> None:
    assert gateway_of(ROUTES) == "10.101.1.1"
    assert gateway_of(ROUTES.replace("0101650A", "00000000")) == "0.0.0.0"  # noqa: S104 - means: none


def test_the_root_discipline_is_read_with_its_handle() -> None:
    assert root_of("qdisc tbf fc01: root refcnt 2 rate 64Kbit\n") == ("tbf", "fc01:")
    assert root_of("qdisc fq_codel 0: parent :1 limit 1\nqdisc mq 0: root\n") == ("mq", "0:")
    assert root_of("") == ("", "")


def test_dns_packets_are_asked_and_read() -> None:
    packet = question(7, "store.shop.")
    assert packet[:4] == b"\0\7\1\0"
    assert packet[12:] == b"\5store\4shop\0\0\1\0\1"
    assert rcode_of(b"\0\7\x81\x83" + packet[4:], 7) == 3
    assert rcode_of(b"\0\7\x81\x83" + packet[4:], 8) is None
    assert rcode_of(packet, 7) is None
    assert rcode_of(b"\0", 7) is None


def test_a_probe_that_fails_is_null_and_its_neighbours_are_measured(tmp_path: Path) -> None:
    probes = [
        {"name": "odd", "kind": "nonsense", "where": "here"},
        {"name": "nowhere", "kind": "dns", "where": "pod", "pod": "none", "query": "x", "server": "::"},
        {"name": "disk", "kind": "disk", "where": "here", "path": str(tmp_path)},
    ]
    values = Measuring(Order("e1", "observe", 0.0, parameters={"probes": probes}), object()).round()
    assert (values["odd"], values["nowhere"]) == (None, None)
    assert values["disk"] is not None
    assert 0 < values["disk"] <= 1


class Api:
    """The API server, with one pod."""

    def __init__(self, state: dict[str, Any], uid: str = POD, policy: str = "Always") -> None:
        status = {
            "containerStatuses": [{"name": "shop", "state": state, "containerID": f"containerd://{ONE}"}]
        }
        spec = {"restartPolicy": policy}
        self.pod: dict[str, Any] = {"metadata": {"uid": uid}, "spec": spec, "status": status}
        self.deleted: list[Any] = []

    def request(self, method: str, path: str, body: Any = None, content: str = "") -> tuple[int, Any]:
        assert path == "/api/v1/namespaces/shop/pods/gateway-1"
        if method == "DELETE":
            self.deleted.append(body)
        return 200, self.pod


BACK_OFF = {"waiting": {"reason": "CrashLoopBackOff"}}


def _kill(api: Api, node: Node, **more: Any) -> Kill:
    parameters = {
        "container": ONE,
        "pod": POD,
        "namespace": "shop",
        "pod_name": "gateway-1",
        "name": "shop",
        "signal": 9,
        "every": 0,
        "relaunch": True,
        **more,
    }
    order = Order("e1", "kill", 0.0, parameters=parameters)
    return Kill(order, TargetContainer(parameters, node.root), api)  # type: ignore[arg-type]


def test_a_pod_left_in_back_off_is_deleted_and_no_other(node: Node) -> None:
    api = Api(BACK_OFF)
    assert _kill(api, node).undo() == []
    assert api.deleted == [{"preconditions": {"uid": POD}}]
    for spared in (Api({"running": {}}), Api(BACK_OFF, uid="another"), Api(BACK_OFF, policy="Never")):
        assert _kill(spared, node).undo() == []
        assert spared.deleted == []


def test_a_sidecar_among_the_init_containers_is_found(node: Node) -> None:
    api = Api(BACK_OFF)
    api.pod["status"]["initContainerStatuses"] = api.pod["status"].pop("containerStatuses")
    assert _kill(api, node).undo() == []
    assert api.deleted == [{"preconditions": {"uid": POD}}]


def test_a_container_that_does_not_run_yet_is_waited_for(node: Node) -> None:
    assert _kill(Api({"terminated": {}}), node).undo() == ["pod gateway-1: container shop does not run"]


def test_nothing_is_asked_of_the_api_unless_wanted(node: Node) -> None:
    api = Api(BACK_OFF)
    assert _kill(api, node, relaunch=False).undo() == []
    assert api.deleted == []


def test_signals_are_sent_again_to_the_container_that_runs_then(
    node: Node, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sent: list[int] = []

    def send(process: Process, _number: int) -> bool:
        sent.append(process.pid)
        return True

    now = 100.0
    monkeypatch.setattr(kill_module, "_send", send)
    monkeypatch.setattr("faultcast.infra.helper.tasks.kill.time.monotonic", lambda: now)
    task = _kill(Api({"running": {}}), node, every=3)
    task.apply()
    task.tick()
    assert sent == [11]
    node.end(11)
    node.end(12)
    now = 104.0
    task.tick()
    assert sent == [11]
    node.add(21, TWO, "/usr/bin/shop", "gateway")
    task.tick()
    assert sent == [11, 21]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["container"] for line in lines] == [ONE, TWO]
