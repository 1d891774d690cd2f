"""What may run is decided by what it does: whatever may write is refused, wherever it stands."""

from pathlib import Path

import pytest

from faultcast.experiments.loading.loader import load_experiment
from tests.refusals import refused_lines
from tests.soundfile import SOUND, with_in_method

KILLS = "{type: python, module: chaosk8s.pod.actions, func: terminate_pods, arguments: {ns: shop, all: true}}"
READS = (
    "{type: python, module: chaosk8s.pod.probes, func: count_pods, arguments: {label_selector: app=gateway}}"
)
FAULT = "{type: python, module: faultcast.experiments.faults.pod_delete, func: delete_pods}"
READY = (
    "{type: python, module: faultcast.experiments.probes, func: workload_ready, arguments: {namespace: a}}"
)
CONTROL = "{name: c, provider: {type: python, module: chaosaddons.controls.repeat}}"
HYPOTHESIS = (
    "steady-state-hypothesis:\n  title: h\n  probes:\n"
    "    - {{type: probe, name: h, tolerance: {0}, provider: {1}}}\n"
)


def _refused(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    return refused_lines(path)


def _fine(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    assert load_experiment(path).actions


def _everywhere(provider: str) -> dict[str, str]:
    """A file with the provider in each place where Chaos Toolkit would run it."""
    probe = f"{{type: probe, name: p, provider: {provider}}}"
    return {
        "a probe of the method": with_in_method(probe),
        "an action of the method": with_in_method(probe.replace("type: probe", "type: action")),
        "a probe in the background": with_in_method(probe.replace("name: p", "name: p, background: true")),
        "the hypothesis": SOUND + HYPOTHESIS.format("true", provider),
        "a tolerance": SOUND + HYPOTHESIS.format(probe, READS),
        "a rollback": SOUND.replace("rollbacks:\n", f"rollbacks:\n  - {probe}\n"),
        "a variable": SOUND + f"configuration:\n  x: {probe}\n",
    }


@pytest.mark.parametrize("where", _everywhere(KILLS))
@pytest.mark.parametrize(
    ("provider", "words"),
    [
        (
            KILLS,
            "chaosk8s.pod.actions is no fault of Faultcast, and its terminate_pods is not known to only read",
        ),
        (KILLS.replace("actions", "probes"), "chaosk8s.pod.probes.terminate_pods is not known to only read"),
        (
            "{type: python, module: os, func: system, arguments: {command: reboot}}",
            "os is no fault of Faultcast",
        ),
        ("{type: python, module: chaosprometheus.probes, func: query}", "Faultcast asks Prometheus itself"),
        ("{type: python, module: [a], func: {b: c}}", "is not known to only read"),
        ("{type: python}", "this action is no fault of Faultcast"),
        ("{type: http, url: 'http://a/', method: POST}", "an http request with POST may change something"),
        (
            "{type: http, url: 'http://a/', method: delete}",
            "an http request with delete may change something",
        ),
        (
            "{type: http, url: 'http://a/', method: '${how}'}",
            "an http request with ${how} may change something",
        ),
        ("{type: http, url: 'http://a/', headers: {X-HTTP-Method-Override: PUT}}", "x-http-method-override"),
        ("{type: process, path: kubectl, arguments: [delete, pods]}", "the program kubectl may do anything"),
        ("{type: process, path: '${tool}'}", "the program ${tool} may do anything"),
        ("{type: process}", "the program None may do anything"),
    ],
)
def test_what_may_write_is_refused_in_every_place(
    tmp_path: Path, where: str, provider: str, words: str
) -> None:
    lines = _refused(tmp_path, _everywhere(provider)[where])
    [said] = [line for line in lines if words in line]
    number, _, rest = said.partition(": ")
    text = _everywhere(provider)[where].splitlines()[int(number) - 1]
    assert provider in text, "the line is that of the provider"
    assert "; " in rest


def test_a_fault_cannot_hide_as_a_probe(tmp_path: Path) -> None:
    hidden = _everywhere(FAULT)
    [said] = _refused(tmp_path, hidden["a probe of the method"])
    assert said.startswith("4: faultcast.experiments.faults.pod_delete does something, so it is an action")
    for place in ("the hypothesis", "a tolerance", "a variable"):
        [said] = _refused(tmp_path, hidden[place])
        assert "injects a fault, and would not be counted here; write it as an action of the method" in said
    [said] = [line for line in _refused(tmp_path, hidden["a rollback"]) if "no rollback" in line]
    assert said.startswith("12: faultcast.experiments.faults.pod_delete has no rollback delete_pods")


@pytest.mark.parametrize(
    "text",
    [
        SOUND + f"controls:\n  - {CONTROL}\n",
        with_in_method(f"{{type: probe, name: p, provider: {READS}, controls: [{CONTROL}]}}"),
        SOUND.replace("    name: kill\n", f"    name: kill\n    controls: [{CONTROL}]\n"),
        SOUND.replace("    name: back\n", f"    name: back\n    controls: [{CONTROL}]\n"),
        SOUND + HYPOTHESIS.format("true", READS) + f"  controls: [{CONTROL}]\n",
    ],
)
def test_only_faultcasts_own_control_may_run(tmp_path: Path, text: str) -> None:
    [said] = _refused(tmp_path, text)
    assert "the control chaosaddons.controls.repeat would run at every step" in said
    _fine(tmp_path, text.replace("chaosaddons.controls.repeat", "faultcast.experiments.control"))


@pytest.mark.parametrize("name", ["X_HTTP_Method_Override", "x-http_method", "X_METHOD-OVERRIDE"])
def test_a_header_that_servers_take_for_another_method_is_refused(tmp_path: Path, name: str) -> None:
    provider = f"{{type: http, url: 'http://a/', headers: {{{name}: DELETE}}}}"
    [said] = _refused(tmp_path, with_in_method(f"{{type: probe, name: p, provider: {provider}}}"))
    assert "makes another request of it; remove it" in said


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("url: 5", "the url is a number"),
        ("url: [a, b]", "the url is a list"),
        ("url: 'file:///etc/passwd'", "it does not begin with http:// or https://"),
        ("url: 127.0.0.1/x", "it does not begin with http:// or https://"),
        ("url: 'http://[::1'", "it is no address"),
        ("url: 'http://a..b/'", "it is no address"),
        (f"url: 'http://{'a' * 70}.b/'", "it is no address"),
        ("url: 'http://a:99999/'", "it is no address"),
        ("url: 'http://'", "it is no address"),
        ("timeout: x", "the timeout is a text"),
        ("timeout: 0", "the timeout is a number"),
        ("timeout: -1.5", "the timeout is -1.5"),
        ("timeout: true", "the timeout is true or false"),
        ("timeout: 100000", "the timeout is a number"),
        ("timeout: [1, x]", "the timeout is a text"),
        ("timeout: [1, 2, 3]", "the timeout is a list"),
        ("headers: {a: 5}", "the header 'a' is a number"),
        ("headers: {a: null}", "the header 'a' is missing"),
        ('headers: {"a\\nb": c}', "holds what cannot be sent"),
        ('headers: {a: "b\\r\\nc: d"}', "holds what cannot be sent"),
        ("headers: {ü: c}", "holds what cannot be sent"),
        ("headers: {a: '€'}", "holds what cannot be sent"),
        ("headers: [a]", "the headers are a list"),
        ("arguments: 5", "the arguments are a number"),
        ("arguments: [1, 2]", "the arguments are a list"),
        ("verify_tls: 5", "verify_tls is a number"),
        ("max_retries: x", "max_retries is no count"),
    ],
)
def test_a_request_that_cannot_be_sent_is_refused_with_its_line(
    tmp_path: Path, keys: str, words: str
) -> None:
    """Chaos Toolkit would find out while the experiment runs, and end it."""
    url = "" if keys.startswith("url") else "url: 'http://a/', "
    text = with_in_method(f"{{type: probe, name: p, provider: {{type: http, {url}{keys}}}}}")
    [said] = [line for line in _refused(tmp_path, text) if words in line]
    assert said.startswith("4: ")
    assert "; write " in said


@pytest.mark.parametrize(
    "keys",
    [
        "url: '${where}'",
        "url: 'https://[::1]:8443/x?y=z'",
        "url: 'HTTP://shop', timeout: 0.5",
        "url: 'http://shop', timeout: [1, 2.5], verify_tls: false, max_retries: 2",
        "url: 'http://shop', timeout: '${wait}', headers: {Authorization: 'Bearer ${where}'}",
        "url: 'http://shop', arguments: {q: [a, 1]}",
        "url: 'http://shop', arguments: a=b",
    ],
)
def test_a_request_that_can_be_sent_is_fine(tmp_path: Path, keys: str) -> None:
    text = with_in_method(f"{{type: probe, name: p, provider: {{type: http, {keys}}}}}")
    _fine(tmp_path, text + "configuration: {where: 'http://shop', wait: 3}\n")


@pytest.mark.parametrize(
    ("keys", "words"),
    [("arguments: 5", "the arguments are a number"), ("timeout: x", "the timeout is a text")],
)
def test_a_program_that_cannot_be_started_is_refused(tmp_path: Path, keys: str, words: str) -> None:
    text = with_in_method(f"{{type: probe, name: p, provider: {{type: process, path: echo, {keys}}}}}")
    text = text.replace("name: faultcast\n", "name: faultcast\n    programs: [echo]\n")
    [said] = [line for line in _refused(tmp_path, text) if words in line]
    assert said.startswith("4: ")


HARMLESS = (
    READS,
    READY,
    "{type: http, url: 'http://shop/health'}",
    "{type: http, url: 'http://shop/health', method: head, headers: {Accept: text/plain}}",
    "{type: process, path: echo, arguments: [hello, 3]}",
)


@pytest.mark.parametrize(
    ("where", "provider"),
    [
        (where, provider)
        for provider in HARMLESS
        for where in _everywhere(provider)
        # Chaos Toolkit hands a Python function in a tolerance an argument `value`, which these do not take.
        if not (where == "a tolerance" and "python" in provider)
    ],
)
def test_what_only_reads_may_run_in_every_place(tmp_path: Path, where: str, provider: str) -> None:
    text = _everywhere(provider)[where]
    _fine(tmp_path, text.replace("name: faultcast\n", "name: faultcast\n    programs: [echo]\n"))


def test_a_misspelt_probe_is_told_its_name(tmp_path: Path) -> None:
    [said] = _refused(
        tmp_path,
        with_in_method(f"{{type: probe, name: p, provider: {READS}}}".replace("count_pods", "count_pod")),
    )
    assert said.startswith(
        "4: chaosk8s.pod.probes.count_pod is not known to only read; did you mean count_pods?"
    )


def test_secrets_cannot_lead_a_probe_to_another_cluster(tmp_path: Path) -> None:
    provider = READS.replace("type: python", "type: python, secrets: [k8s]")
    text = with_in_method(f"{{type: probe, name: p, provider: {provider}}}")
    text += "secrets: {k8s: {KUBERNETES_CONTEXT: prod}}\n"
    [said] = _refused(tmp_path, text)
    assert "this probe asks the cluster that is named, whatever its secrets say; remove secrets" in said


def test_arguments_of_a_program_never_reach_a_shell(tmp_path: Path) -> None:
    provider = "{type: process, path: echo, arguments: 'load -rate=10; reboot'}"
    text = with_in_method(f"{{type: action, name: p, provider: {provider}}}")
    text = text.replace("name: faultcast\n", "name: faultcast\n    programs: [echo]\n")
    [said] = _refused(tmp_path, text)
    assert said == (
        "4: Chaos Toolkit gives arguments that are a text to a shell; write a list: [load, -rate=10;, reboot]"
    )


@pytest.mark.parametrize("name", ["./tool", "tools/x", "~/x", "", "a b", "${x}", "$x", "/", "/usr/", "-x"])
def test_a_program_is_named_by_name_or_absolute_path(tmp_path: Path, name: str) -> None:
    text = SOUND.replace("name: faultcast\n", f"name: faultcast\n    programs: ['{name}']\n")
    [said] = _refused(tmp_path, text)
    assert said.startswith("17: ")
    assert "program" in said or "variable" in said


def test_a_load_generator_beside_the_fault_is_no_fault_and_needs_no_rollback(tmp_path: Path) -> None:
    load = "{type: process, path: /bin/echo, arguments: [a]}"
    traffic = f"{{type: action, name: traffic, background: true, provider: {load}}}"
    path = tmp_path / "x.yaml"
    path.write_text(
        with_in_method(traffic).replace("name: faultcast\n", "name: faultcast\n    programs: [/bin/echo]\n")
    )
    assert [step.name for step in load_experiment(path).actions] == ["kill"]
