"""A connection to an API server: believes no other's answers, is led nowhere else, and says whose it is."""

import json
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException
from urllib3 import Retry
from urllib3.exceptions import HTTPError

from faultcast.infra.errors import ClusterError
from faultcast.infra.kube.errors import NotKubernetesError, Origin, mark

__all__ = ["TIMEOUT", "Connection"]

TIMEOUT = (5.0, 20.0)
"""Seconds to connect, and between two bytes of an answer, where a call names no others."""
_ATTEMPTS = 3
_PLAIN = client.Configuration()
"""What objects of the client take their settings from. Without one each makes one of its own, which takes
most of the time."""
_NAMED = ("Namespace", "Node", "Pod", "Job", "Deployment", "Set", "ConfigMap", "Lease", "Budget")


class Connection(client.ApiClient):  # type: ignore[misc]
    """The client's connection with four differences.

    Every call is bounded in time. An answer that is no Kubernetes object is an error, not an object full of
    None. A redirect is an error: it may lead to another cluster, and a write would follow it. Every error
    knows with what the call was made.

    Args:
        configuration: Server and login; its `retries` are replaced unless somebody set them.
        origin: What the connection was made from.
    """

    def __init__(self, configuration: client.Configuration, origin: Origin) -> None:
        if configuration.retries is None:
            configuration.retries = Retry(_ATTEMPTS, redirect=False)
        super().__init__(configuration)
        self.origin = origin

    def request(self, method: str, url: str, *arguments: Any, **named: Any) -> Any:
        """Make a request.

        Raises:
            ApiException: The API server refused, or it is none.
            HTTPError: There was no answer.
        """
        if named.get("_request_timeout") is None:
            named["_request_timeout"] = TIMEOUT
        try:
            return super().request(method, url, *arguments, **named)
        except UnicodeDecodeError:
            raise self._no_server(200, "it sends bytes that are no text") from None
        except ValueError as error:
            message = f"cannot ask {self.origin.server}: the login cannot be sent: {type(error).__name__}"
            raise ClusterError(message, remedy="check the user in the kubeconfig") from None
        except (ApiException, HTTPError) as error:
            mark(error, self.origin)
            raise

    def deserialize(self, response: Any, response_type: Any) -> Any:
        """Make an object of an answer.

        Raises:
            NotKubernetesError: It is none.
        """
        try:
            if isinstance(response_type, str) and response_type.startswith(("V1", "V2", "Core", "Events")):
                return self._ApiClient__deserialize(self._object_in(response, response_type), response_type)
            return super().deserialize(response, response_type)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise self._no_server(response.status, f"it sends a {response_type} with {error}") from error

    def _ApiClient__deserialize_model(self, data: Any, model: Any) -> Any:  # noqa: N802 - the client's own name
        """What the client does, with one configuration for all objects."""
        if not model.openapi_types or not isinstance(data, dict | list):
            return super()._ApiClient__deserialize_model(data, model)
        told = {
            name: self._ApiClient__deserialize(data[key], kind)
            for name, kind in model.openapi_types.items()
            if (key := model.attribute_map[name]) in data
        }
        return model(**told, local_vars_configuration=_PLAIN)

    def _object_in(self, response: Any, response_type: str) -> dict[str, Any]:
        try:
            found = json.loads(response.data)
        except (ValueError, RecursionError):
            title = "a page" if "<" in response.data[:200] else "text"
            raise self._no_server(response.status, f"it sends {title} instead of JSON") from None
        if not isinstance(found, dict) or not isinstance(found.get("kind"), str):
            raise self._no_server(response.status, "it sends JSON that is no Kubernetes object")
        if response_type.endswith("List"):
            if found.get("items") is None:
                found["items"] = []
            if not isinstance(found["items"], list):
                raise self._no_server(response.status, "it sends a list without items")
        elif not isinstance(found.get("metadata"), dict) and response_type.endswith(_NAMED):
            raise self._no_server(response.status, "it sends an object without metadata")
        return found

    def _no_server(self, status: int, reason: str) -> NotKubernetesError:
        error = NotKubernetesError(status=status, reason=reason)
        mark(error, self.origin)
        return error
