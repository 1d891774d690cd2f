"""Failed calls become errors of the tree, each with its status; every call is bounded in time."""

from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from faultcast.infra.errors import (
    ApiError,
    ClusterError,
    ConflictError,
    FaultcastError,
    InjectionError,
    NotFoundError,
)
from faultcast.infra.kube.calls import calling
from faultcast.infra.kube.connection import TIMEOUT, Connection
from faultcast.infra.kube.errors import Origin


@pytest.mark.parametrize(
    ("status", "kind"), [(404, NotFoundError), (409, ConflictError), (403, ApiError), (500, ApiError)]
)
def test_a_refusal_has_a_kind_and_its_status(status: int, kind: type[ApiError]) -> None:
    said = f"cannot list the pods of shop: the API server answered {status}"
    with pytest.raises(ClusterError, match=said) as caught, calling("list the pods of shop"):
        raise ApiException(status=status, reason="No")
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert caught.value.remedy
    assert isinstance(caught.value.__cause__, ApiException)


def test_silence_has_no_status() -> None:
    with pytest.raises(ApiError, match="does not answer") as caught, calling("read it"):
        raise HTTPError("gone")
    assert caught.value.status == 0


def test_what_the_server_says_is_kept() -> None:
    error = ApiException(status=429, reason="Too Many Requests")
    error.body = '{"message": "m", "details": {"causes": [{"message": "the budget needs 1"}]}}'
    with pytest.raises(ApiError) as caught, calling("evict it"):
        raise error
    assert caught.value.answer == "the budget needs 1"


def test_another_error_has_the_same_words() -> None:
    said = "cannot start helper x: the API server answered 403"
    with pytest.raises(InjectionError, match=said) as caught, calling("start helper x", InjectionError):
        raise ApiException(status=403, reason="Forbidden")
    assert "rights" in caught.value.remedy


@pytest.mark.parametrize("error", [ValueError("odd"), FaultcastError("ours")])
def test_what_is_no_answer_passes(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, calling("do it"):
        raise error
    assert caught.value is error


@pytest.mark.parametrize(("given", "sent"), [({}, TIMEOUT), ({"_request_timeout": 3.0}, 3.0)])
def test_a_call_that_names_no_time_out_gets_the_usual_one(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], sent: Any
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(client.ApiClient, "request", lambda *_, **named: seen.append(named))
    connection = Connection(client.Configuration(host="http://x"), Origin(None, "", "http://x"))
    connection.request("GET", "http://x/api", **given)
    assert seen == [{"_request_timeout": sent}]
