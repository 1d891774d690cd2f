"""One reader of selectors: in memory and as a text it means the same, and what Kubernetes means by it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes import client

from faultcast.experiments.resources.selectors import Selector
from faultcast.infra.errors import ClusterError
from tests.fakeapi.store import chosen, matches

KEYS = st.sampled_from(["app", "tier", "x.io/role", "canary"])
VALUES = st.sampled_from(["", "a", "b-1", "yes", "1.0"])
LABELS = st.dictionaries(KEYS, VALUES)
COMPARED = st.fixed_dictionaries(
    {"key": KEYS, "operator": st.sampled_from(["In", "NotIn"]), "values": st.lists(VALUES, min_size=1)}
)
ASKED = st.fixed_dictionaries({"key": KEYS, "operator": st.sampled_from(["Exists", "DoesNotExist"])})
SELECTORS = st.fixed_dictionaries(
    {}, optional={"matchLabels": LABELS, "matchExpressions": st.lists(COMPARED | ASKED, max_size=3)}
)


def selector(said: dict[str, Any] | None) -> Any:
    """As the Kubernetes client gives it."""
    if said is None:
        return None
    terms = [client.V1LabelSelectorRequirement(**term) for term in said.get("matchExpressions", [])]
    return client.V1LabelSelector(match_labels=said.get("matchLabels"), match_expressions=terms or None)


@given(SELECTORS | st.none(), LABELS)
def test_in_memory_and_as_a_text_it_fits_the_same_labels(said: dict[str, Any] | None, labels: Any) -> None:
    read = Selector.of(selector(said))
    assert read.fits(labels) == matches(labels, str(read)) == chosen(labels, said)


@given(LABELS, LABELS)
def test_a_service_chooses_by_labels_and_without_any_nothing(said: dict[str, str], labels: Any) -> None:
    read = Selector.of_labels(said)
    expected = bool(said) and said.items() <= labels.items()
    assert read.fits(labels) == matches(labels, str(read)) == expected


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"matchLabels": {"b": "2", "a": "1"}}, "a=1,b=2"),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["x", "y"]}]}, "app in (x,y)"),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["x"]}]}, "app notin (x)"),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, "app"),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, "!app"),
        ({}, ""),
    ],
)
def test_its_text_is_what_the_api_server_takes(said: dict[str, Any], text: str) -> None:
    assert str(Selector.of(selector(said))) == text


def test_no_selector_at_all_is_not_the_text_that_means_everything() -> None:
    for nothing in (Selector.of(None), Selector.of_labels(None), Selector.of_labels({})):
        assert str(nothing)
        assert not nothing.fits({"app": "a"})


@pytest.mark.parametrize(
    "term",
    [
        {"key": "app", "operator": "Gt", "values": ["1"]},
        {"key": "app", "operator": "In"},
        {"key": "app", "operator": "Exists", "values": ["a"]},
        {"key": "", "operator": "Exists"},
    ],
)
def test_what_nobody_can_read_is_not_guessed(term: dict[str, Any]) -> None:
    with pytest.raises(ClusterError, match="nobody can read"):
        Selector.of(selector({"matchExpressions": [term]}))
