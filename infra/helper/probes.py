"""What helper pods measure: each kind of probe is one function from its parameters to a number.

A probe that cannot be made raises OSError or ValueError; it never takes longer than a few seconds.
"""

import contextlib
import http.client
import secrets
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["KINDS", "answers", "question", "rcode_of"]

_ANSWER = 1.0
_CONNECT = 3.0
_LOSS = 0.8
_LINGER = 0.1
_FAILED = 500
_HEADER = 12

type Parameters = Mapping[str, Any]


def question(number: int, name: str) -> bytes:
    """A DNS packet that asks for the IPv4 address of a name."""
    labels = b"".join(
        bytes([len(part)]) + part for part in name.rstrip(".").encode("ascii").split(b".") if part
    )
    return struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", 1, 1)


def rcode_of(packet: bytes, number: int) -> int | None:
    """Response code of an answer to question `number`; None when the packet is none."""
    if len(packet) < _HEADER:
        return None
    found, flags = struct.unpack(">2H", packet[:4])
    return flags & 0xF if found == number and flags & 0x8000 else None


def answers(parameters: Parameters) -> dict[int, int]:
    """Response codes within a second, by question, of `count` questions sent at once."""
    number = secrets.randbelow(1 << 15)
    codes: dict[int, int] = {}
    count = int(parameters.get("count", 1))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect((parameters["server"], int(parameters.get("port", 53))))
        for offset in range(count):
            try:
                asking.send(question(number + offset, parameters["query"]))
            except OSError:
                continue  # a rule on the way out, or the answer to the one before: port unreachable
        end = time.monotonic() + _ANSWER
        while len(codes) < count and (left := end - time.monotonic()) > 0:
            asking.settimeout(left)
            try:
                packet = asking.recv(4096)
            except TimeoutError:
                break
            except OSError:
                continue
            for asked in range(number, number + count):
                code = rcode_of(packet, asked)
                if code is not None:
                    codes[asked] = code
    return codes


def _dns(parameters: Parameters) -> float:
    return len(answers(parameters)) / int(parameters.get("count", 1))


def _rcode(parameters: Parameters) -> float | None:
    found = list(answers({**parameters, "count": 1}).values())
    return float(found[0]) if found else None


def _reach(parameters: Parameters) -> float:
    try:
        _connection(parameters, _ANSWER).close()
    except ConnectionRefusedError:
        return 1.0
    except OSError:
        return 0.0
    return 1.0


def _connect(parameters: Parameters) -> float:
    """1 when the connection is accepted and still there a moment later."""
    try:
        with _connection(parameters, _ANSWER) as connection:
            connection.settimeout(_LINGER)
            try:
                return 1.0 if connection.recv(1) else 0.0
            except TimeoutError:
                return 1.0
    except OSError:
        return 0.0


def _latency(parameters: Parameters) -> float:
    start = time.perf_counter()
    with contextlib.suppress(ConnectionRefusedError):  # an answer as well
        _connection(parameters, _CONNECT).close()
    return time.perf_counter() - start


def _throughput(parameters: Parameters) -> float:
    """Bytes a second that UDP sends can get rid of; blocks where a queue is full."""
    total, sent, block = int(parameters["bytes"]), 0, b"\0" * 1400
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * len(block))
        sending.connect((parameters["host"], int(parameters["port"])))
        start = time.perf_counter()
        while sent < total and (left := start + _CONNECT - time.perf_counter()) > 0:
            sending.settimeout(left)
            try:
                sent += sending.send(block[: total - sent])
            except ConnectionRefusedError:
                continue  # nobody listens there: the packet before this one arrived
            except TimeoutError:
                break
        return sent / max(time.perf_counter() - start, 1e-6)


def _loss(parameters: Parameters) -> float:
    """Share of connection attempts that get no answer at all."""
    count = int(parameters["count"])
    answered = 0
    with selectors.DefaultSelector() as waiting:
        for _ in range(count):
            attempt = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            attempt.setblocking(False)
            attempt.connect_ex((parameters["host"], int(parameters["port"])))
            waiting.register(attempt, selectors.EVENT_WRITE)
        end = time.monotonic() + _LOSS
        while waiting.get_map() and (left := end - time.monotonic()) > 0:
            for key, _ in waiting.select(left):
                attempt = key.fileobj  # type: ignore[assignment]
                error = attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                answered += error in {0, 111, 104}  # ECONNREFUSED and ECONNRESET are answers
                waiting.unregister(attempt)
                attempt.close()
        for key in list(waiting.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
    return 1 - answered / count


def _http(parameters: Parameters) -> float:
    """Share of requests that fail at the server or get no answer."""
    count = int(parameters.get("count", 1))
    failed: list[bool] = []
    threads = [threading.Thread(target=lambda: failed.append(_fails(parameters))) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(failed) / count


def _fails(parameters: Parameters) -> bool:
    try:
        return _get(parameters, _ANSWER) >= _FAILED
    except OSError:
        return True


def _httptime(parameters: Parameters) -> float:
    start = time.perf_counter()
    _get(parameters, _CONNECT)
    return time.perf_counter() - start


def _get(parameters: Parameters, timeout: float) -> int:
    connection = http.client.HTTPConnection(parameters["host"], int(parameters["port"]), timeout=timeout)
    try:
        connection.request("GET", parameters.get("path", "/"))
        answer = connection.getresponse()
        answer.read()
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    else:
        return answer.status
    finally:
        connection.close()


def _connection(parameters: Parameters, timeout: float) -> socket.socket:
    return socket.create_connection((parameters["host"], int(parameters["port"])), timeout=timeout)


KINDS: Mapping[str, Callable[[Parameters], float | None]] = {
    "dns": _dns,
    "rcode": _rcode,
    "reach": _reach,
    "connect": _connect,
    "latency": _latency,
    "throughput": _throughput,
    "loss": _loss,
    "http": _http,
    "httptime": _httptime,
}
"""Probes that need nothing but their parameters, by the name that orders use."""
