"""How often the check of queries is right: held against the parsers of Prometheus and of VictoriaMetrics.

    python bench/promql.py                  # needs Go, and its module proxy
    python bench/promql.py --record FILE    # a selection: tests/unit/experiments/document/queries.json

The queries are those of the catalog and of `bench/promql/known.txt`, and the same with one to three tokens
dropped, added, swapped or cut short.
"""

import argparse
import json
import random
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from faultcast.experiments.document.promql import mistake_in
from faultcast.infra.yamltext import load_yaml

ROOT = Path(__file__).parents[1]
PARSERS = Path(__file__).parent / "promql"
KNOWN = (PARSERS / "known.txt").read_text(encoding="utf-8").splitlines()
TOKENS = (PARSERS / "tokens.txt").read_text(encoding="utf-8").splitlines()
"""What is put into queries: each is a token, or a piece of a query."""


def written_queries(value: Any) -> Iterator[str]:
    """Every query in the data of a file."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ("query", "control", "presence") and isinstance(item, str):
                yield item.replace("$targets", "targets")
            else:
                yield from written_queries(item)
    elif isinstance(value, list):
        for item in value:
            yield from written_queries(item)


def mutated(chance: random.Random, query: str) -> str:
    """The query with a few tokens changed."""
    tokens = query.replace("(", " ( ").replace(")", " ) ").replace("{", " { ").replace("}", " } ").split()
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        at = chance.randrange(len(tokens) + 1)
        match chance.randrange(4):
            case 0:
                del tokens[at : at + 1]
            case 1:
                tokens.insert(at, chance.choice(TOKENS))
            case 2:
                tokens[at : at + 2] = reversed(tokens[at : at + 2])
            case _:
                tokens[at : at + 1] = [piece[:-1] for piece in tokens[at : at + 1]]
    return " ".join(tokens)


def answers(queries: list[str]) -> list[dict[str, Any]]:
    """For each query whether the two parsers take it."""
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/parsers"
        subprocess.run(["go", "build", "-o", program, "."], cwd=PARSERS, check=True, timeout=600)
        text = "".join(f"{json.dumps(query)}\n" for query in queries)
        done = subprocess.run([program], input=text, capture_output=True, text=True, check=True, timeout=600)
    return [json.loads(line) for line in done.stdout.splitlines()]


def main() -> None:
    """Print how many queries each takes, and every false refusal."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--number", type=int, default=60_000)
    wanted.add_argument("--seed", type=int, default=1)
    wanted.add_argument("--record", type=Path)
    asked = wanted.parse_args()
    chance = random.Random(asked.seed)  # noqa: S311 - no secret
    files = [
        path for room in ("catalog", "hypotheses") for path in (ROOT / "experiments" / room).rglob("*.yaml")
    ]
    written = {query for path in files for query in written_queries(load_yaml(path.read_text()))}
    whole = sorted(written | {*KNOWN})
    number = 600 if asked.record else asked.number
    queries = [*whole, *(mutated(chance, chance.choice(whole)) for _ in range(number))]
    found = answers([*dict.fromkeys(query for query in queries if query.strip())])
    if asked.record:
        asked.record.write_text(json.dumps({"queries": found}, indent=1, ensure_ascii=False) + "\n")
        return
    counted = Counter[tuple[bool, bool]]()
    for one in found:
        mistake = mistake_in(one["query"])
        taken = one["prometheus"] or one["victoriametrics"]
        counted[taken, mistake is not None] += 1
        if taken and mistake:
            print(f"wrongly refused: {one['query']!r}: {mistake.what}")
    missed, right = counted[False, False], counted[False, True]
    wrong, fine = counted[True, True], counted[True, False]
    print(f"{wrong + fine} queries are taken by one of them: {wrong} wrongly refused")
    print(f"{missed + right} queries are taken by none: {right / (missed + right):.1%} refused")


if __name__ == "__main__":
    main()
