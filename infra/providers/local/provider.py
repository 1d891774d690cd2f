"""The provider `local`: a real cluster of several nodes on this one machine."""

import datetime as dt
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

from faultcast.infra.cluster import Cluster, Endpoints
from faultcast.infra.errors import ClusterError, ConfigurationError
from faultcast.infra.images import ImageArchive, build_images
from faultcast.infra.providers.local.cgroups import Cgroups
from faultcast.infra.providers.local.files import read_json, write_json
from faultcast.infra.providers.local.images import clone, make_template
from faultcast.infra.providers.local.layout import Layout
from faultcast.infra.providers.local.leftovers import Leftovers
from faultcast.infra.providers.local.lock import exclusive
from faultcast.infra.providers.local.network import Network
from faultcast.infra.providers.local.nodes import LocalNodes
from faultcast.infra.providers.local.pki import make_pki
from faultcast.infra.providers.local.preflight import require_machine
from faultcast.infra.providers.local.programs import ensure_programs
from faultcast.infra.providers.local.topology import plan
from faultcast.infra.settings import Settings

__all__ = ["LocalProvider"]

_PAUSE = "pause"
_SHAPE = ("subnet", "master", "worker", "workers", "pod_cidr", "service_cidr", "node_cpus")
"""The settings that a running cluster cannot change."""


def _silent(_line: str) -> None:
    """Show nothing."""


class LocalProvider:
    """Brings up, finds and takes down the local cluster; implements `infra.cluster.ClusterProvider`.

    Args:
        settings: Which cluster, where, how large.
        progress: Told in words what goes on.
        archives: Images for the nodes, `pause` among them; those of `infra.images` when not given.
    """

    def __init__(
        self,
        settings: Settings,
        progress: Callable[[str], None] = _silent,
        archives: Sequence[ImageArchive] | None = None,
    ) -> None:
        self._settings = settings
        self._progress = progress
        self._layout = Layout.of(settings)
        self._topology = plan(settings)
        self._network = Network(self._topology)
        self._archives = archives

    @cached_property
    def nodes(self) -> LocalNodes:
        """Control of the cluster's nodes, whether they are up or not."""
        return LocalNodes(
            self._topology, self._layout, self._cgroups, self._network, self._settings.node_cpus
        )

    @cached_property
    def _cgroups(self) -> Cgroups:
        return Cgroups.mounted(self._settings.cluster)

    @property
    def layout(self) -> Layout:
        """Where the cluster's files are."""
        return self._layout

    def start(self, *, stack: bool = True) -> Cluster:
        """Bring the cluster up: programs, images, nodes, and with `stack` all that runs on them.

        When it is up already, only what is missing is added: nodes that are off are started.

        Raises:
            UnsupportedError: This machine cannot hold it.
            LockedError: Another Faultcast works on it.
            ConfigurationError: It runs with other settings, or a network is in use.
            ComponentDiedError: A program of a node died; the text carries its log's tail.
            WaitTimeoutError: Something was not ready in time.
        """
        require_machine(self._settings)
        with exclusive(self._layout):
            archives: Sequence[ImageArchive] = ()
            if stack or not self.is_up():
                programs = ensure_programs(self._settings, self._progress)
                archives = self._images(programs)
            if self.is_up():
                self._require_same_shape()
                for node in self._topology.nodes:
                    self.nodes.power_on(node.name)
            else:
                self._make_nodes(programs, archives)
            # The Kubernetes client takes a second to import: by now the API server is starting meanwhile.
            from faultcast.infra.providers.local.bootstrap import prepare, wait_ready

            kube = wait_ready(self._layout.kubeconfig, self.nodes, self._progress)
            prepare(kube, self._topology)
            write_json(self._layout.record, self._shape())
            if stack:
                self._deploy(archives)
        return self.attach()

    def is_up(self) -> bool:
        """Whether the cluster was brought up completely, and at least one of its nodes is on."""
        return read_json(self._layout.record) is not None and any(
            self.nodes.process(node.name) for node in self._topology.nodes
        )

    def attach(self) -> Cluster:
        """The handle of the running cluster, without changing anything.

        Raises:
            ClusterError: It is not up, or does not answer.
        """
        if not self.is_up():
            message = f"cluster {self._settings.cluster} is not up"
            raise ClusterError(message, remedy="start it: faultcast up")
        self._require_same_shape()
        from faultcast.infra.kube import connect, identity_of

        kube = connect(self._layout.kubeconfig)
        return Cluster(
            name=self._settings.cluster,
            provider="local",
            kubeconfig=self._layout.kubeconfig,
            identity=identity_of(kube),
            nodes=tuple(node.node for node in self._topology.nodes),
            endpoints=self._endpoints(),
            node_control=self.nodes,
        )

    def stop(self) -> None:
        """Take the cluster down, whatever state it is in; harmless when there is nothing.

        Raises:
            LockedError: Another Faultcast works on it.
            WaitTimeoutError: A process did not die.
        """
        with exclusive(self._layout):
            self.leftovers.remove()

    @property
    def leftovers(self) -> Leftovers:
        """What of the cluster exists."""
        return Leftovers(self._layout, self._cgroups, self._network)

    def _shape(self) -> dict[str, str]:
        return {name: str(getattr(self._settings, name)) for name in _SHAPE}

    def _require_same_shape(self) -> None:
        runs_with = read_json(self._layout.record) or {}
        for name, value in self._shape().items():
            if runs_with.get(name) != value:
                message = (
                    f"cluster {self._settings.cluster} runs with {name}={runs_with.get(name)}, not {value}"
                )
                raise ConfigurationError(message, remedy="take it down first: faultcast down")

    def _make_nodes(self, programs: Path, archives: Sequence[ImageArchive]) -> None:
        self.leftovers.remove()
        template = make_template(archives, self._settings.cache_dir / "images" / "templates", self._progress)
        pause = next(archive.ref for archive in archives if archive.name == _PAUSE)
        self._progress("making network and certificates")
        self._layout.root.mkdir(parents=True, mode=0o700)
        make_pki(self._layout.pki, self._layout.kubeconfig, self._topology, dt.datetime.now(dt.UTC))
        self._network.create()
        for node in self._topology.nodes:
            self._progress(f"starting node {node.name}")
            self.nodes.prepare(node, programs, pause)
            clone(template, self._layout.node(node.name).containerd)
            self.nodes.power_on(node.name)

    def _images(self, programs: Path) -> Sequence[ImageArchive]:
        if self._archives is not None:
            return self._archives
        return build_images(self._settings, programs, self._progress)

    def _deploy(self, archives: Sequence[ImageArchive]) -> None:
        from faultcast.infra.kube import connect
        from faultcast.infra.stack import deploy_stack

        deploy_stack(connect(self._layout.kubeconfig), self._settings, archives, self._progress)
        write_json(self._layout.record, {**self._shape(), "stack": True})

    def _endpoints(self) -> Endpoints:
        if not (read_json(self._layout.record) or {}).get("stack"):
            return Endpoints()
        from faultcast.infra.kube import connect
        from faultcast.infra.stack import endpoints

        return endpoints(connect(self._layout.kubeconfig), self._settings)
