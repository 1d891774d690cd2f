"""Metrics that are written once, and what an experiment changes of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from faultcast.experiments.document.file import rules_of
from faultcast.experiments.document.hypothesis import SHIPPED
from faultcast.experiments.document.metric import MetricSpec
from faultcast.experiments.document.yamlfile import read_yaml
from faultcast.experiments.loading.loader import load_experiment, load_experiments
from faultcast.experiments.loading.schema import experiment_schema
from faultcast.infra.errors import ExperimentError
from tests.soundfile import SOUND

METRICS = """\
metrics:
  - name: errors
    query: sum(rate(e[10s]))
    unit: ratio
    smallest_effect: 0.02
  - name: latency
    query: l
    season: 60s
"""
OWN = "    metrics:\n      - {name: errors, query: 'sum(rate(e[10s]))'}\n"
PLACES = f"chaos/hypotheses, hypotheses, {SHIPPED}"
STRANGER = "is no metric of hypotheses/mine.yaml, and as a new one it lacks query"

type Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes an experiment in `chaos/` and a hypothesis in `hypotheses/` beside it."""

    def write(own: str = "", *, metrics: str | None = METRICS, named: str = "mine", more: str = "") -> Path:
        for folder in ("chaos", "hypotheses"):
            (tmp_path / folder).mkdir(exist_ok=True)
        if metrics is not None:
            (tmp_path / "hypotheses" / "mine.yaml").write_text(metrics)
        path = tmp_path / "chaos" / "x.yaml"
        listed = f"    metrics:\n{own}" if own else ""
        path.write_text(SOUND.replace(OWN, f"    hypothesis: {named}\n{listed}") + more)
        return path

    return write


def _metrics(path: Path) -> tuple[MetricSpec, ...]:
    return load_experiment(path).extension.metrics


def _refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Its problems, with files as they are seen from the folder above the experiment's."""
    monkeypatch.chdir(path.parents[1])
    with pytest.raises(ExperimentError) as caught:
        load_experiments(path.relative_to(Path.cwd()))
    return caught.value.what.splitlines()


def test_an_experiment_has_the_metrics_of_its_hypothesis(write: Write) -> None:
    errors, latency = _metrics(write())
    assert errors == MetricSpec(name="errors", query="sum(rate(e[10s]))", unit="ratio", smallest_effect=0.02)
    assert (latency.name, latency.season) == ("latency", 60.0)


def test_what_it_says_of_a_metric_goes_over_what_the_hypothesis_says(write: Write) -> None:
    errors, latency, new = _metrics(
        write(
            "      - {name: latency, during: any, season: null, recovers_within: 30s}\n"
            "      - {name: replicas, query: r, direction: down}\n"
        )
    )
    assert (errors.during, errors.smallest_effect) == ("hold", 0.02)
    assert (latency.query, latency.during, latency.season, latency.recovers_within) == ("l", "any", None, 30)
    assert (new.name, new.query, new.direction) == ("replicas", "r", "down")


def test_a_metric_of_the_experiment_may_follow_one_of_the_hypothesis(write: Write) -> None:
    assert _metrics(write("      - {name: latency, follows: [errors]}\n"))[1].follows == ("errors",)


def test_a_hypothesis_is_found_by_name_or_by_path(write: Write, tmp_path: Path) -> None:
    beside, own = _metrics(write()), tmp_path / "chaos" / "hypotheses"
    assert _metrics(write(named="../hypotheses/mine.yaml")) == beside
    own.mkdir()
    (own / "mine.yaml").write_text(METRICS.replace("ratio", "share"))
    assert _metrics(write())[0].unit == "share", "the experiment's own folder comes first"
    assert [one.name for one in _metrics(write(named="shop"))] == [
        "error_ratio",
        "latency_p95",
        "served_rate",
    ]
    assert (SHIPPED / "shop.yaml").is_file()


def test_a_path_without_a_folder_is_found_too(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write().parent)
    assert len(_metrics(Path("x.yaml"))) == 2


def test_another_hypothesis_is_another_experiment(write: Write) -> None:
    before = load_experiment(write()).digest
    assert load_experiment(write()).digest == before
    assert load_experiment(write(metrics=METRICS.replace("0.02", "0.03"))).digest != before


def test_variables_are_filled_in_in_a_hypothesis(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = METRICS.replace("query: l", "query: 'l{ns=\"${ns}\"}'")
    path = write(metrics=metrics, more="configuration: {ns: shop}\n")
    assert _metrics(path)[1].query == 'l{ns="shop"}'
    [line] = _refused(write(metrics=metrics), monkeypatch)
    assert line == (
        "hypotheses/mine.yaml:7: ${ns} is no variable of the configuration (as chaos/x.yaml uses it); "
        "add ns to configuration, or write $$ for a $ that is meant"
    )
    assert _metrics(write("      - {name: latency, query: other}\n", metrics=metrics))[1].query == "other"


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("shpo", f"no hypothesis is called shpo: shpo.yaml is in none of {PLACES}; did you mean shop?"),
        ("zzz", f"no hypothesis is called zzz: zzz.yaml is in none of {PLACES}; write one of mine, shop"),
        ("../mine.yaml", "there is no hypothesis mine.yaml; correct the path, from this file on"),
        ("[mine]", "['mine'] names no hypothesis; write a name such as shop, or a path that ends in .yaml"),
        ("mine.yml", "'mine.yml' names no hypothesis; write a name such as shop"),
        ("${which}", "'${which}' names no hypothesis; write a name such as shop"),
        ("", "None names no hypothesis; write a name such as shop"),
    ],
)  # fmt: skip
def test_a_hypothesis_that_is_not_there_is_refused_with_its_line(
    write: Write, monkeypatch: pytest.MonkeyPatch, named: str, said: str
) -> None:
    [line] = _refused(write(named=named), monkeypatch)
    assert line.startswith(f"chaos/x.yaml:17: {said}"), line


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ("", "1: is no file of metrics (as chaos/x.yaml uses it); write metrics: and a list of them"),
        ("- a\n", "1: is no file of metrics"),
        ("metrics: [", "1: not valid YAML: "),
        ("metrics: []\n", "1: metrics: list should have at least 1 item"),
        (METRICS + "hypothesis: shop\n", "9: hypothesis is not known (as chaos/x.yaml uses it); remove it"),
        (METRICS + "metric: []\n", "9: metric is not known (as chaos/x.yaml uses it); did you mean metrics?"),
        (METRICS + "  - {query: l}\n", "9: metrics.2 has no name (as chaos/x.yaml uses it); add name"),
        (METRICS + "  - {name: errors, query: l}\n", "9: two metrics are called errors"),
        (METRICS + "  - {name: new}\n", "9: metrics.2.query is missing (as chaos/x.yaml uses it); add query"),
        (METRICS + "    seasn: 5s\n", "9: metrics.1.seasn is not known"),
        (METRICS.replace("unit: ratio", "unit: 5"), "4: metrics.0.unit: 5 is no text"),
        (METRICS + "    between: [2, 1]\n", "9: metrics.1.between: between is [2, 1]"),
        (METRICS + "    follows: [latency]\n", "6: metrics.1: latency follows itself"),
    ],
)  # fmt: skip
def test_a_hypothesis_that_is_wrong_is_refused_with_its_own_line(
    write: Write, monkeypatch: pytest.MonkeyPatch, metrics: str, said: str
) -> None:
    [line] = _refused(write(metrics=metrics), monkeypatch)
    assert line.startswith(f"hypotheses/mine.yaml:{said}"), line


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("{name: latency, seasn: 5s}", "19: metrics.0.seasn is not known; did you mean season?"),
        ("{name: latency, query: null}", "19: metrics.0.query: input should be a valid string"),
        ("{name: latency, follows: [latency]}", "19: metrics.0: latency follows itself"),
        ("{name: latncy, during: any}", f"19: latncy {STRANGER}; did you mean latency?"),
        ("{name: zzz}", f"19: zzz {STRANGER}; add query, or name one of errors, latency"),
        (
            "{name: latency}\n      - {name: latency}",
            "20: the metric latency is changed twice; write it once",
        ),
        ("{query: q}", "19: metrics.0.name is missing; add name"),
        ("5", "19: metrics.0: input should be a valid dictionary"),
        ("{name: new, query: q}\n      - {name: new, query: q}", "16: 0: metric names must differ"),
        ("{name: latency, query: 'l{n=\"${ns}\"}'}", "19: ${ns} is no variable of the configuration"),
        (
            "{name: errors, during: any}\n      - {name: latency, during: any}",
            "18: metrics: no metric counts",
        ),
    ],
)
def test_a_change_that_is_wrong_is_refused_with_the_line_of_the_experiment(
    write: Write, monkeypatch: pytest.MonkeyPatch, own: str, said: str
) -> None:
    [line] = _refused(write(f"      - {own}\n"), monkeypatch)
    assert line.removeprefix("chaos/x.yaml:").startswith(said), line


def test_a_hypothesis_that_expects_nothing_is_refused_where_it_is_named(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    [line] = _refused(write(metrics="metrics: [{name: a, query: q, during: any}]\n"), monkeypatch)
    assert line.startswith("chaos/x.yaml:17: metrics: no metric counts"), line


def test_an_experiment_as_it_is_loaded_stands_by_itself(write: Write) -> None:
    """Chaos Toolkit, the journal and the faults are given all metrics."""
    experiment = load_experiment(write("      - {name: latency, during: any}\n"))
    [entry] = experiment.document["extensions"]
    assert [metric["name"] for metric in entry["metrics"]] == ["errors", "latency"]


def test_a_fault_under_chaos_run_needs_no_hypothesis(write: Write) -> None:
    """Chaos Toolkit says nothing of where the file is."""
    document = read_yaml(write("      - {name: latency, during: any}\n", metrics=None)).data
    assert rules_of(document).blast_radius.namespaces == ("shop",)
    del document["extensions"][0]["blast_radius"]
    with pytest.raises(ExperimentError, match="the faultcast extension is wrong: Field required"):
        rules_of(document)


@pytest.mark.parametrize(
    ("own", "fits"),
    [
        ("", True),
        ("{name: latency, during: any}", True),
        ("{during: any}", False),
        ("{name: l, x: a}", False),
    ],
)
def test_the_schema_knows_that_beside_a_hypothesis_a_change_is_enough(
    write: Write, own: str, *, fits: bool
) -> None:
    data: Any = read_yaml(write(f"      - {own}\n" if own else "")).data
    schema = jsonschema.Draft202012Validator(experiment_schema())
    assert schema.is_valid(data) is fits
    del data["extensions"][0]["hypothesis"]
    assert not schema.is_valid(data)
