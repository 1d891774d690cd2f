"""Files that are wrong in more than 500 ways: each is refused with its line, a reason and a remedy."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from faultcast.cli import experiments as commands
from faultcast.experiments.loading.loader import load_experiments
from faultcast.infra.errors import ExperimentError
from tests.fakeapi import FakeApi
from tests.fakeapi.cluster import HOST
from tests.fakeapi.transport import install

pytestmark = pytest.mark.slow

CATALOG = Path(__file__).parents[4] / "experiments" / "catalog"
FAULTS = "faultcast.experiments.faults"

type Path_ = tuple[str | int, ...]


class _Absent:
    """Stands for a key that is not there."""


ABSENT = _Absent()

ARGUMENTS: Path_ = ("method", 0, "provider", "arguments")
EXTENSION: Path_ = ("extensions", 0)
METRIC: Path_ = (*EXTENSION, "metrics", 0)
RADIUS: Path_ = (*EXTENSION, "blast_radius")

NO_TEXT: Sequence[Any] = (ABSENT, "", 5, 1.5, [], {}, None, True)
NO_TIME: Sequence[Any] = (-1, -0.5, "-5s", "soon", "5 parsecs", "s", [], {}, True, "1e3s", "10:00")
NO_SELECTOR: Sequence[Any] = (
    ABSENT,
    "",
    " ",
    "=",
    "app=gateway,",
    "app=gateway=store",
    "app=a.b.",
    "app=gateway!=store",
    "app in (a;b)",
    ",app=gateway",
    "app=gateway,,tier=web",
    "app=gate way",
    "app=gateway\napp=store",
    "app=gateway&limit=1",
    "app=gateway?x",
    "app=../store",
    'app="gateway"',
    "app=$(reboot)",
    "app={{ x }}",
    "app=%s",
    "app in ()x",
    "app in (gateway",
    "app in gateway",
    "app notin",
    "app <> gateway",
    "app > 3",
    "app=gateway;tier=web",
    "app=gateway || true",
    "app=*",
    "*",
    "!",
    "-app=gateway",
    "app=-gateway",
    "app='; DROP TABLE runs; --",
    'app=gateway"} or vector(1) #',
    "app=gäteway",
    "app=\u202egateway",
    5,
    None,
    [],
    {"app": "gateway"},
)
NO_NAME: Sequence[Any] = (
    *NO_TEXT,
    "shop/../kube-system",
    "shop kube-system",
    "Shop",
    "shop?limit=1",
    'shop"} or vector(1) #',
    "-shop",
    "*",
    "s" * 260,
)
NO_LIST: Sequence[Any] = (5, "text", {}, True, None)

COMMON: Mapping[Path_, Sequence[Any]] = {
    ("title",): NO_TEXT,
    ("description",): NO_TEXT,
    ("titel",): ("a key that is not known",),
    ("version",): (5, [], None),
    ("tags",): (*NO_LIST, [5], [None]),
    ("configuration",): (5, "text", [], None),
    ("method",): (ABSENT, [], *NO_LIST, [5], ["kill"], [None], [[]]),
    ("method", 0, "type"): (ABSENT, "prob", "Action", 5, None, []),
    ("method", 0, "name"): NO_TEXT,
    ("method", 0, "background"): ("perhaps", 5, [], {}, None),
    ("method", 0, "pauses"): (
        {"before": -1},
        {"after": "x"},
        {"befor": 1},
        5,
        {"before": 9_999},
        {"before": "5"},
        {"after": True},
    ),
    ("method", 0, "provider"): (ABSENT, 5, "python", [], None),
    ("method", 0, "provider", "type"): (ABSENT, "pyton", 5, None, []),
    ("method", 0, "provider", "module"): (ABSENT, "", "os", "subprocess", f"{FAULTS}.none2", 5, None, []),
    ("method", 0, "provider", "func"): (ABSENT, "", "system", "__import__", 5, None, []),
    ARGUMENTS: (5, "text", [], None, True),
    (*ARGUMENTS, "duration"): (
        *NO_TIME,
        0,
        "0s",
        "2h",
        3_601,
        "30s-10s",
        "10-",
        "0-5",
        "${duration}",
        [5, 6],
    ),
    (*ARGUMENTS, "repeat"): (True, 0, -1, 1.5, 101, "two", "3-1", "0-2", [], {}, None),
    (*ARGUMENTS, "interval"): (*NO_TIME, 3_601, "9-5"),
    (*ARGUMENTS, "duratoin"): (30,),
    ("rollbacks",): NO_LIST,
    ("rollbacks", 0, "provider", "func"): (ABSENT, "nothing", 5),
    ("rollbacks", 0, "background"): (True,),
    ("extensions",): (ABSENT, [], *NO_LIST, [{"name": "another"}], [5]),
    (*EXTENSION, "name"): (ABSENT, "Faultcast", 5),
    (*EXTENSION, "metric"): ([],),
    (*EXTENSION, "metrics"): (ABSENT, [], *NO_LIST, [5], [{}]),
    (*METRIC, "name"): (*NO_TEXT, "Errors", "1st", "a b", "a-b", "é", "n" * 61),
    (*METRIC, "query"): (*NO_TEXT, "  ", "\t\n"),
    (*METRIC, "qurey"): ("up",),
    (*METRIC, "unit"): (5, [], None),
    (*METRIC, "kind"): ("guage", 5, []),
    (*METRIC, "direction"): ("sideways", "", 5, None),
    (*METRIC, "weight"): (0, -1, "much", [], None, True),
    (*METRIC, "between"): ([False, True], [1, True], [1], [2, 1]),
    (*METRIC, "critical"): ("perhaps", 5, []),
    (*METRIC, "smallest_effect"): (0, -1, "small", []),
    (*METRIC, "during"): ("always", 5, None),
    (*METRIC, "recovers_within"): NO_TIME,
    (*METRIC, "lookback"): (*NO_TIME, None),
    (*METRIC, "season"): NO_TIME,
    RADIUS: (ABSENT, {}, *NO_LIST, {"namespaces": [], "nodes": []}),
    (*RADIUS, "namespaces"): (
        5,
        "shop",
        True,
        None,
        [5],
        [None],
        [""],
        ["*"],
        ["../kube-system"],
        ["shop", "Shop"],
        ["shop "],
        ["a.b"],
        ["s" * 64],
        [True],
    ),
    (*RADIUS, "namespace"): (["shop"],),
    (*RADIUS, "labels"): (
        *(5, "app=gateway", [], {"app": 5}, {"app": None}, {"app": ["gateway"]}, None),
        *({"v": value} for value in ("a b", "a,b=c", "-a", "a-", "*", " ", "a" * 64, "ä", "a/b")),
        *({key: "x"} for key in ("a/b/c", "", "/a", "a/", "a b", "-a", "*", "A B/c", "UP/c", "a" * 64)),
    ),
    (*RADIUS, "nodes"): (5, "worker", [5], None, [""], ["*"], ["../worker"], ["Worker"], [True]),
    (*RADIUS, "most"): (
        0,
        -1,
        1.5,
        "0%",
        "101%",
        "-5%",
        "half",
        "1.5%",
        "",
        [],
        {},
        None,
        "1",
        "50 %",
        True,
        False,
    ),
    (*EXTENSION, "windows", "baseline"): (*NO_TIME, 0, 59, 90_000, None),
    (*EXTENSION, "windows", "fault"): (*NO_TIME, 0, 9, 3_601, None),
    (*EXTENSION, "windows", "recovery"): (*NO_TIME, 0, 9, 3_601, None),
    (*EXTENSION, "windows", "recovry"): (30,),
    (*EXTENSION, "evidence", "within"): (*NO_TIME, 0, 121, None),
    (*EXTENSION, "evidence", "peer"): (*NO_SELECTOR[3:-4], 5, None, []),
    (*EXTENSION, "known_weakness"): (5, "", "short", [], " " * 20),
    (*EXTENSION, "abort"): (
        *NO_LIST,
        [{}],
        [{"query": "up"}],
        [{"url": "ftp://x"}],
        [{"url": "http://a..b/"}],
        [{"url": "http://[::1"}],
        [{"url": "http://x:99999/"}],
        [{"url": f"http://{'a' * 70}/"}],
        [{"query": "", "above": 1}],
        [{"query": " \n ", "above": 1}],
        [{"query": "up", "above": True}],
        [{"query": "up", "below": False}],
        [{"query": "up", "above": "1e3"}],
        [{"query": "up", "above": "5"}],
        [{"query": "up", "above": 1, "below": True}],
        [{"url": "http://shop", "status": True}],
    ),
}
"""What is wrong wherever it stands: a place in a file, and values that must not be there."""

PODS: Mapping[Path_, Sequence[Any]] = {
    (*ARGUMENTS, "namespace"): NO_NAME,
    (*ARGUMENTS, "label_selector"): NO_SELECTOR,
    (*ARGUMENTS, "count"): (True, 0, -1, 1.5, "two", "3-1", "0-2", [], {}),
    (*ARGUMENTS, "percent"): (0, -5, 101, "half", "50%", "90-110", "60-40", [], {}, 50),
    (*ARGUMENTS, "lable_selector"): ("app=gateway",),
}
NODES: Mapping[Path_, Sequence[Any]] = {
    (*ARGUMENTS, "node"): NO_NAME,
    (*ARGUMENTS, "nodes"): (["worker"],),
    (*ARGUMENTS, "service"): (ABSENT, "docker", "Kubelet", 5, [], None),
}


def _catalog() -> dict[str, Any]:
    """A file of the catalog with one metric, which stands in it, and all that is added to it."""
    [experiment] = load_experiments(CATALOG / "gateway-pod-delete.yaml")
    document = experiment.document
    entry = document["extensions"][0]
    del entry["hypothesis"], entry["metrics"][1:]
    return document


def _service_stop() -> dict[str, Any]:
    document = _catalog()
    module = f"{FAULTS}.service_stop"
    provider = {"type": "python", "module": module, "func": "stop_service"}
    arguments = {"node": "worker", "service": "kubelet", "duration": 20}
    document["method"][0]["provider"] = {**provider, "arguments": arguments}
    document["rollbacks"][0]["provider"] = {**provider, "func": "start_service"}
    document["extensions"][0]["blast_radius"] = {"nodes": ["worker"]}
    return document


BASES = {"pod-delete": (_catalog(), {**COMMON, **PODS}), "service-stop": (_service_stop(), NODES)}
CASES = [
    (base, path, value)
    for base, (_, rules) in BASES.items()
    for path, values in rules.items()
    for value in values
]


def _changed(document: Mapping[str, Any], path: Path_, value: Any) -> dict[str, Any]:
    changed = deepcopy(dict(document))
    holder: Any = changed
    for step in path[:-1]:
        holder = holder.setdefault(step, {}) if isinstance(holder, dict) else holder[step]
    if isinstance(value, _Absent):
        holder.pop(path[-1], None)
    else:
        holder[path[-1]] = value
    return changed


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    """A cluster that must not be asked anything."""
    fake = FakeApi()
    install(monkeypatch, {HOST: fake})
    yield fake
    assert (fake.writes, fake.server.reads) == ([], 0)


def _places() -> list[tuple[str, Path_]]:
    return list(dict.fromkeys((base, path) for base, path, _ in CASES))


def _name(item: object) -> str:
    return ".".join(map(str, item)) if isinstance(item, tuple) else str(item)


@contextmanager
def _refused(what: str) -> Iterator[pytest.ExceptionInfo[ExperimentError]]:
    """Fails with the value that was taken for sound."""
    try:
        with pytest.raises(ExperimentError) as caught:
            yield caught
    except pytest.fail.Exception:
        pytest.fail(f"{what} was taken for sound")


def test_there_are_enough_of_them() -> None:
    assert len({(base, path, repr(value)) for base, path, value in CASES}) >= 500
    for document, _ in BASES.values():
        assert document["method"]


@pytest.mark.parametrize("base", BASES)
def test_what_they_are_made_of_is_sound(base: str, tmp_path: Path) -> None:
    path = tmp_path / "sound.yaml"
    path.write_text(json.dumps(BASES[base][0], indent=1))
    assert len(load_experiments(path)) == 1


@pytest.mark.parametrize(("base", "place"), _places(), ids=_name)
def test_each_wrong_value_is_refused(base: str, place: Path_, tmp_path: Path, api: FakeApi) -> None:
    document, rules = BASES[base]
    for value in rules[place]:
        path = tmp_path / "bad.yaml"
        text = json.dumps(_changed(document, place, value), indent=1)
        path.write_text(text)
        shown = "absent" if isinstance(value, _Absent) else repr(value)
        with _refused(f"{_name(place)} = {shown}") as caught:
            load_experiments(path)
        for line in caught.value.what.splitlines():
            found = re.fullmatch(rf"{re.escape(str(path))}:(\d+): (.+); (.+)", line)
            assert found, f"{shown}: {line}"
            assert 1 <= int(found[1]) <= len(text.splitlines())
        assert caught.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "title: [",
        "a: b: c",
        "\tx: 1",
        "- just\n- a list\n",
        "just a text",
        "title: &a [*a]",
        "title: *nobody",
        "title: !!python/object/apply:os.system [reboot]",
        "title: 2026-13-45",
        "title: .nan",
        "1: one\n",
        "title: a\ntitle: b\n",
        "title: 2026-11-25\n",
        "[" * 200,
        "{a: " * 100,
        "title: \x00",
        "%YAML 9.9\n---\n",
        "title: a\n---\ntitle: b\n",
    ],
)
def test_what_is_no_experiment_at_all_is_refused(text: str, tmp_path: Path, api: FakeApi) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ExperimentError, match=re.escape(f"{path}:") + r"\d+: .+; .+"):
        load_experiments(path)


def test_the_commands_refuse_it_before_any_cluster_is_asked(tmp_path: Path, api: FakeApi) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(json.dumps(_changed(_catalog(), (*ARGUMENTS, "label_selector"), "app=*"), indent=1))
    application = typer.Typer()
    commands.register(application)
    for command in ("validate", "preview"):
        done = CliRunner().invoke(application, [command, str(path)])
        assert isinstance(done.exception, ExperimentError), command
        assert "'app=*' is no label selector" in done.exception.what
