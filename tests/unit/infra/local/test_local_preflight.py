"""Machines that are refused, and networks that are taken."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from faultcast.infra.errors import CommandError, ConfigurationError, RequirementError, UnsupportedError
from faultcast.infra.machine import Machine
from faultcast.infra.processes import Completed
from faultcast.infra.providers.local import network, preflight
from faultcast.infra.providers.local.topology import plan
from faultcast.infra.settings import Settings, load_settings

GOOD = Machine(
    system="Linux",
    architecture="x86_64",
    root=True,
    cores=2,
    memory=16 * 1024**3,
    disk_free=100 * 1024**3,
    cgroups=1,
    filesystems=frozenset({"overlay"}),
)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(preflight, "require_packages", lambda *names: None)
    monkeypatch.setattr(preflight, "run", lambda argv, **_: Completed(tuple(argv), 0, "", ""))
    monkeypatch.setattr(preflight, "inspect", lambda cache: GOOD)
    return load_settings(state_dir=tmp_path / "state", cache_dir=tmp_path / "cache")


def test_a_good_machine_is_let_through_and_nothing_stays(settings: Settings) -> None:
    preflight.require_machine(settings)
    assert list(settings.state_dir.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"root": False}, RequirementError, "needs root"),
        ({"system": "Darwin"}, UnsupportedError, "operating system: Darwin"),
        ({"filesystems": frozenset({"ext4"})}, UnsupportedError, "overlay file system"),
        ({"cgroups": 0}, UnsupportedError, "control groups"),
    ],
)
def test_what_a_machine_lacks_is_said_before_anything_is_touched(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    error: type[RequirementError],
    words: str,
) -> None:
    monkeypatch.setattr(preflight, "inspect", lambda cache: replace(GOOD, **changes))
    with pytest.raises(error, match=words) as refused:
        preflight.require_machine(settings)
    assert refused.value.remedy
    assert not settings.state_dir.exists()


def test_a_kernel_that_refuses_a_trial_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_veth(argv: Sequence[str], **_: Any) -> Completed:
        if "veth" in argv:
            message = "ip link add ended with exit code 2: Unknown device type"
            raise CommandError(message)
        return Completed(tuple(argv), 0, "", "")

    monkeypatch.setattr(preflight, "run", without_veth)
    with pytest.raises(UnsupportedError, match=r"kernel refuses veth links: .*Unknown device type"):
        preflight.require_machine(settings)


@pytest.mark.parametrize(
    ("route", "variable"),
    [
        ("192.168.0.0/16 dev eth0", "SUBNET"),
        ("10.42.7.0/24 via 10.0.0.1 dev tun0", "POD_CIDR"),
        ("10.43.1.2 dev tun0", "SERVICE_CIDR"),
    ],
)
def test_a_network_that_is_in_use_is_refused(
    monkeypatch: pytest.MonkeyPatch, route: str, variable: str
) -> None:
    routes = f"default via 10.0.0.1 dev eth0\nunreachable 10.9.0.0/16\n{route}\n"

    def answers(argv: Sequence[str], **_: Any) -> Completed:
        return Completed(tuple(argv), 0, routes if "route" in argv else "", "")

    monkeypatch.setattr(network, "run", answers)
    with pytest.raises(ConfigurationError, match=f"set FAULTCAST_{variable} to a free network"):
        network.Network(plan(load_settings())).refuse_overlap()


def test_a_link_of_our_name_without_our_mark_is_neither_ours_nor_overwritten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    link = '[{"ifname": "faultcast-up", "group": "default", "flags": ["UP"]}]'
    monkeypatch.setattr(network, "run", lambda argv, **_: Completed(tuple(argv), 0, link, ""))
    ours = network.Network(plan(load_settings()))
    assert not ours.owns_uplink()
    with pytest.raises(ConfigurationError, match="link faultcast-up that Faultcast did not make"):
        ours.refuse_overlap()


def test_our_link_is_known_by_its_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    topology = plan(load_settings())
    link = f'[{{"ifname": "faultcast-up", "group": "{topology.link_group}"}}]'
    monkeypatch.setattr(network, "run", lambda argv, **_: Completed(tuple(argv), 0, link, ""))
    assert network.Network(topology).owns_uplink()
