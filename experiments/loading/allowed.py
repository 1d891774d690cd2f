"""What an experiment may run beside its faults: decided by what it does, not by what it is typed as.

Chaos Toolkit runs a `provider` wherever one stands: in the method, in the hypothesis, as a tolerance, in
rollbacks, in `configuration`, and in the controls of all of these. So every provider of a file is looked at,
by the same rules.
"""

import difflib
import shlex
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from faultcast.experiments.document.yamlfile import Problem, YamlFile
from faultcast.experiments.fault import fault_of, modules
from faultcast.experiments.loading.providers import http_trouble, process_trouble
from faultcast.experiments.loading.readers import READERS, reads

__all__ = ["CONTROL", "MAY_RUN", "beside_faults", "is_fault", "run_problems"]

_Path = tuple[str | int, ...]

CONTROL = "faultcast.experiments.control"
"""The one control that may run."""

MAY_RUN = (
    "what may run: the faults of docs/faults.md, probes that are known to only read "
    "(docs/writing-an-experiment.md), http with GET or HEAD, and programs that the extension names"
)
_SAFE_METHODS = ("GET", "HEAD")
_OVERRIDES = frozenset({"x-http-method-override", "x-http-method", "x-method-override"})


def is_fault(activity: Mapping[str, Any]) -> bool:
    """Whether an activity of the method injects a fault of Faultcast."""
    provider = activity.get("provider")
    return isinstance(provider, Mapping) and _is_module_of_fault(provider.get("module"))


def _is_module_of_fault(module: object) -> bool:
    return isinstance(module, str) and module in modules()


def run_problems(file: YamlFile, programs: Collection[str]) -> list[Problem]:
    """What a file would run and may not: each with its line, the reason and a remedy.

    Args:
        file: The file; it need not be sound otherwise.
        programs: Programs that its extension names.
    """
    found: list[Problem] = []
    for path, holder in _holders(file.data, ()):
        found.extend(_Provider(file, path, holder["provider"]).problems(programs))
    return found


def beside_faults(document: Mapping[str, Any]) -> tuple[str, ...]:
    """What a sound document runs beside its faults and its control, in words and in order."""
    found = []
    for _, holder in _holders(document, ()):
        provider = holder["provider"]
        if is_fault(holder) or provider.get("module") == CONTROL:
            continue
        match provider["type"]:
            case "python":
                what = f"{provider['module']}.{provider['func']}"
            case "http":
                what = f"{provider.get('method', 'GET').upper()} {provider['url']}"
            case _:
                what = f"the program {provider['path']}"
        found.append(f"{holder.get('name', 'a probe')}: {what}")
    return tuple(dict.fromkeys(found))


def _holders(node: Any, path: _Path) -> Iterator[tuple[_Path, Mapping[str, Any]]]:
    """Everything that has a provider, wherever it stands; the extensions of others are not run."""
    if isinstance(node, Mapping):
        if "provider" in node:
            yield path, node
        for key, value in node.items():
            if path or key != "extensions":
                yield from _holders(value, (*path, key))
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from _holders(item, (*path, index))


class _Provider:
    """One provider of a file."""

    def __init__(self, file: YamlFile, place: _Path, provider: Any) -> None:
        self._file = file
        self._place = place
        self._provider: Mapping[str, Any] = provider if isinstance(provider, Mapping) else {}

    def problems(self, programs: Collection[str]) -> list[Problem]:
        if len(self._place) > 1 and self._place[-2] == "controls":
            return self._control()
        kind = self._provider.get("type")
        if kind == "python":
            return self._python()
        if kind == "http":
            return self._http()
        if kind == "process":
            return self._process(programs)
        return [self._problem("type", f"{kind!r} is no type of provider", "write python, http or process")]

    def _problem(self, key: str, what: str, mend: str) -> Problem:
        return Problem(self._file.line((*self._place, "provider", key)), what, mend)

    def _control(self) -> list[Problem]:
        module = self._provider.get("module")
        if self._provider.get("type") == "python" and module == CONTROL:
            return []
        what = f"the control {module} would run at every step, and nobody knows what it does"
        return [self._problem("module", what, f"remove it; the only control that may run is {CONTROL}")]

    def _python(self) -> list[Problem]:
        module, func = self._provider.get("module"), self._provider.get("func")
        if _is_module_of_fault(module):
            return self._fault(str(module), func)
        if reads(module, func):
            return self._reader(str(module))
        name = module or "this action"
        if isinstance(module, str) and module in READERS:
            near = difflib.get_close_matches(str(func), READERS[module], n=1, cutoff=0.7)
            mend = f"did you mean {near[0]}? Else remove it; {MAY_RUN}" if near else MAY_RUN
            return [self._problem("func", f"{module}.{func} is not known to only read", mend)]
        what = (
            f"{name} is no fault of Faultcast, and its {func} is not known to only read: "
            "no radius, no ledger would cover it"
        )
        return [self._problem("module", what, self._instead(str(module)))]

    def _instead(self, module: str) -> str:
        near = difflib.get_close_matches(module, (*modules(), *READERS), n=1, cutoff=0.8)
        if near:
            return f"write {near[0]}"
        if module.startswith("chaosprometheus"):
            return "Faultcast asks Prometheus itself: write a metric, with between, or an abort condition"
        return MAY_RUN

    def _fault(self, module: str, func: object) -> list[Problem]:
        """A fault is injected by an action of the method, and reverted by a rollback; nowhere else."""
        fault = fault_of(module)
        wanted = {"method": fault.action, "rollbacks": fault.rollback}.get(str(self._place[0]))
        here = len(self._place) == 2 and self._place[0] in ("method", "rollbacks")
        if not here:
            what = f"{module} injects a fault, and would not be counted here"
            return [self._problem("module", what, "write it as an action of the method")]
        if func != wanted:
            kind = "action" if self._place[0] == "method" else "rollback"
            mend = f"write func: {wanted}" if wanted else "remove it: this fault has nothing to revert"
            return [self._problem("func", f"{module} has no {kind} {func}", mend)]
        return []

    def _reader(self, module: str) -> list[Problem]:
        if module.startswith("chaosk8s") and "secrets" in self._provider:
            what = "this probe asks the cluster that is named, whatever its secrets say"
            return [self._problem("secrets", what, "remove secrets")]
        return []

    def _http(self) -> list[Problem]:
        method = self._provider.get("method", "GET")
        if not isinstance(method, str) or method.upper() not in _SAFE_METHODS:
            what = f"an http request with {method} may change something, and nothing would put it back"
            return [self._problem("method", what, f"write GET or HEAD; {MAY_RUN}")]
        headers = self._provider.get("headers")
        named = headers if isinstance(headers, Mapping) else ()
        names = {str(name).strip().lower().replace("_", "-") for name in named}  # as servers fold them
        if wrong := _OVERRIDES & names:
            what = f"the header {min(wrong)} makes another request of it"
            return [self._problem("headers", what, "remove it")]
        trouble = http_trouble(self._provider)
        return [self._problem(*trouble)] if trouble else []

    def _process(self, programs: Collection[str]) -> list[Problem]:
        path, arguments = self._provider.get("path"), self._provider.get("arguments", [])
        if not isinstance(path, str) or path not in programs:
            what = f"the program {path} may do anything, and the experiment does not name it"
            mend = f"add to the faultcast extension programs: [{path}], if it changes nothing in the cluster"
            return [self._problem("path", what, mend)]
        if isinstance(arguments, str):
            what = "Chaos Toolkit gives arguments that are a text to a shell"
            return [self._problem("arguments", what, f"write a list: {_listed(arguments)}")]
        trouble = process_trouble(self._provider)
        return [self._problem(*trouble)] if trouble else []


def _listed(arguments: str) -> str:
    try:
        return f"[{', '.join(shlex.split(arguments))}]"
    except ValueError:
        return "[-flag, value]"
