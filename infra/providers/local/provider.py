"""The provider `local`: a real cluster of several nodes on this one machine."""

import datetime as dt
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faultcast.infra.cluster import Cluster, Endpoints
from faultcast.infra.errors import ClusterError, ConfigurationError
from faultcast.infra.images import ImageArchive, build_images
from faultcast.infra.images.foreign import open_foreign
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.providers.local.evidence import collect
from faultcast.infra.providers.local.files import read_json, write_json
from faultcast.infra.providers.local.images import clone, make_template
from faultcast.infra.providers.local.layout import Layout
from faultcast.infra.providers.local.leftovers import Leftovers
from faultcast.infra.providers.local.lock import exclusive
from faultcast.infra.providers.local.network import Network
from faultcast.infra.providers.local.nodes import LocalNodes, nodes_of
from faultcast.infra.providers.local.pki import make_pki
from faultcast.infra.providers.local.preflight import require_machine
from faultcast.infra.providers.local.record import IDENTITY, note_taken_down, shape_of
from faultcast.infra.providers.local.toolchain.programs import ensure_programs
from faultcast.infra.providers.local.topology import plan
from faultcast.infra.settings import Settings

if TYPE_CHECKING:  # both import the Kubernetes client
    from faultcast.infra.kube.client import KubeClient
    from faultcast.infra.providers.local.status import ClusterStatus

__all__ = ["LocalProvider"]

_PAUSE = "pause"


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
        return nodes_of(self._settings)

    @property
    def layout(self) -> Layout:
        """Where the cluster's files are."""
        return self._layout

    @property
    def programs(self) -> Path | None:
        """Folder of the programs that the cluster runs, kubectl among them; None when it is not up."""
        programs = self._record().get("programs")
        return Path(programs) if programs else None

    @property
    def node_names(self) -> tuple[str, ...]:
        """Names of the nodes, the master first."""
        return tuple(node.name for node in self._topology.nodes)

    @property
    def kube_context(self) -> KubeContext:
        """With what the cluster is reached; raises ConfigurationError when it was never brought up."""
        return KubeContext.of(self._layout.kubeconfig)

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
            programs = ensure_programs(self._settings, self._progress)
            archives = self._images(programs)
            if self.is_up():
                self._complete_nodes(archives)
            else:
                self._make_nodes(programs, archives)
            # The Kubernetes client takes a second to import: by now the API server is starting meanwhile.
            from faultcast.infra.kube.client import identity_of
            from faultcast.infra.providers.local.bootstrap import prepare, wait_ready

            kube = wait_ready(self.kube_context, self.nodes, self._progress)
            prepare(kube, self._topology)
            self._note(
                shape=shape_of(self._settings),
                programs=str(programs),
                images=[archive.ref for archive in archives],
                identity=identity_of(kube),
            )
            if stack:
                self._deploy(kube, archives)
        return self.attach()

    def is_up(self) -> bool:
        """Whether the cluster was brought up completely, and at least one of its nodes is on."""
        return bool(self._record()) and any(self.nodes.process(node.name) for node in self._topology.nodes)

    def attach(self) -> Cluster:
        """The handle of the running cluster, without changing anything.

        Raises:
            ClusterError: It is not up, or does not answer.
        """
        if not self.is_up():
            raise self._not_up()
        self._require_same_shape()
        from faultcast.infra.kube.client import connect, identity_of

        kube = connect(self.kube_context)
        return Cluster(
            name=self._settings.cluster,
            provider="local",
            kube_context=self.kube_context,
            identity=identity_of(kube),
            nodes=tuple(node.node for node in self._topology.nodes),
            endpoints=self._endpoints(),
            node_control=self.nodes,
            helper_image=next((ref for ref in self._record()["images"] if "/helper:" in ref), ""),
        )

    def load_images(self, archive: Path, name: str = "") -> tuple[str, ...]:
        """Give every node the images of an archive that somebody made; they stay as long as the cluster.

        Args:
            archive: The file, in the layout of `docker save` or of OCI.
            name: Name for its only image; its own when not given.

        Returns:
            The full names of the images.

        Raises:
            ClusterError: The cluster is not up, a node is off, or refuses the images.
            ConfigurationError: The file is no archive of images, or an image has no name.
            UnsupportedError: An image is for other machines than this.
            LockedError: Another Faultcast works on the cluster.
        """
        if not self.is_up():
            raise self._not_up()
        with exclusive(self._layout), open_foreign(archive, self._layout.root, name) as (file, names):
            for node in self.node_names:
                self.nodes.started(node)  # refuses when one is off, before any has the images
            for node in self.node_names:
                self._progress(f"importing {archive} on node {node}")
                self.nodes.load(node, file)
        return names

    def stop(self) -> None:
        """Take the cluster down, whatever state it is in; harmless when there is nothing.

        Raises:
            LockedError: Another Faultcast works on it.
            WaitTimeoutError: A process did not die.
        """
        with exclusive(self._layout):
            self._remove()

    def _remove(self) -> None:
        """Remove all of the cluster, then note that it is gone: whatever was done to it went with it."""
        identity = str(self._record().get(IDENTITY, ""))
        self.leftovers.remove()
        note_taken_down(self._settings, identity)

    @property
    def leftovers(self) -> Leftovers:
        """What of the cluster exists."""
        return Leftovers(self._layout, self.nodes.cgroups, self._network)

    def status(self) -> "ClusterStatus":
        """Everything that is known of the cluster, wrong or well.

        Raises:
            ClusterError: It is not up.
        """
        if not self.is_up():
            raise self._not_up()
        from faultcast.infra.kube.client import connect
        from faultcast.infra.providers.local.bootstrap import api_listens
        from faultcast.infra.providers.local.status import ClusterStatus, examine_nodes, unready_pods

        name, guards = self._settings.cluster, self.nodes.guards()
        if not api_listens(self._topology):
            nodes = examine_nodes(self.nodes, None)
            return ClusterStatus(name, nodes, (), Endpoints(), ("the API server does not answer",), guards)
        kube = connect(self.kube_context)
        nodes = examine_nodes(self.nodes, kube)
        try:
            cluster = self.attach()
            unready = unready_pods(kube)
        except ClusterError as error:
            return ClusterStatus(name, nodes, (), Endpoints(), (error.what,), guards)
        findings = self._findings(cluster) if self._record().get("stack") else ()
        return ClusterStatus(name, nodes, unready, cluster.endpoints, findings, guards)

    def collect_logs(self, folder: Path) -> None:
        """Copy logs, configuration and the API server's view into `folder`; no keys."""
        kubectl = self.programs / "kubectl" if self.programs else None
        collect(self._layout, self._topology, kubectl, folder)

    def _record(self) -> dict[str, Any]:
        return read_json(self._layout.record) or {}

    def _note(self, **facts: object) -> None:
        write_json(self._layout.record, {**self._record(), **facts})

    def _not_up(self) -> ClusterError:
        message = f"the local cluster {self._settings.cluster} is not up"
        remedy = "start it: faultcast up; commands that take --kubeconfig work on a cluster of yours"
        return ClusterError(message, remedy=remedy)

    def _findings(self, cluster: Cluster) -> tuple[str, ...]:
        from faultcast.infra.stack.status import findings

        return tuple(findings(cluster))

    def _require_same_shape(self) -> None:
        runs_with = self._record()["shape"]
        for name, value in shape_of(self._settings).items():
            if runs_with[name] != value:
                message = f"cluster {self._settings.cluster} runs with {name}={runs_with[name]}, not {value}"
                raise ConfigurationError(message, remedy="take it down first: faultcast down")

    def _make_nodes(self, programs: Path, archives: Sequence[ImageArchive]) -> None:
        self._remove()
        self._network.refuse_overlap()
        template = make_template(archives, self._settings.cache_dir / "images" / "templates", self._progress)
        pause = next(archive.ref for archive in archives if archive.name == _PAUSE)
        self._progress("making network and certificates")
        self._layout.root.mkdir(parents=True, mode=0o700)
        make_pki(self._layout.pki, self._layout.kubeconfig, self._topology, dt.datetime.now(dt.UTC))
        self._network.create()
        for node in self._topology.nodes:
            self._progress(f"starting node {node.name}: {self.nodes.share(node.name)}")
            self.nodes.prepare(node, programs, pause)
            clone(template, self._layout.node(node.name).containerd)
            self.nodes.power_on(node.name)

    def _complete_nodes(self, archives: Sequence[ImageArchive]) -> None:
        """Start the nodes that are off, and give every node the images that are new since it was made."""
        self._require_same_shape()
        there = self._record()["images"]
        for node in self._topology.nodes:
            self.nodes.power_on(node.name)
            for archive in archives:
                if archive.ref not in there:
                    self._progress(f"importing image {archive.ref} on node {node.name}")
                    self.nodes.load(node.name, archive.path)

    def _images(self, programs: Path) -> Sequence[ImageArchive]:
        if self._archives is not None:
            return self._archives
        return build_images(self._settings, programs, self._progress)

    def _deploy(self, kube: "KubeClient", archives: Sequence[ImageArchive]) -> None:
        from faultcast.infra.stack.deploy import deploy_stack

        deploy_stack(kube, self._settings, archives, self._progress)
        self._note(stack=True)

    def _endpoints(self) -> Endpoints:
        if not self._record().get("stack"):
            return Endpoints()
        from faultcast.infra.kube.client import connect
        from faultcast.infra.stack.deploy import endpoints

        return endpoints(connect(self.kube_context), self._settings)
