"""The house stays one that a newcomer finds the way in: small folders, small modules, a map that is true."""

import ast
import tomllib
from collections import Counter, defaultdict
from pathlib import Path
from statistics import median

from bench.packages import PAGE, TOP, drawn, picture

ROOT = Path(__file__).parents[2]
MODULES = sorted(path for top in TOP for path in (ROOT / top).rglob("*.py") if "migrations" not in path.parts)


def length(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_the_map_knows_every_package_that_is_shipped() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert {name.split(".")[1] for name in project["tool"]["setuptools"]["packages"]} == set(TOP)


def test_the_map_is_drawn_from_the_imports() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert "flowchart" in page
    assert page == drawn(page, picture()), "run: python bench/packages.py"


def test_the_hall_of_experiments_is_small() -> None:
    assert len(list((ROOT / "experiments").glob("*.py"))) <= 8


def test_no_folder_but_that_of_the_faults_is_crowded() -> None:
    folders = Counter(path.parent.relative_to(ROOT).as_posix() for path in MODULES)
    del folders["experiments/faults"]
    assert {folder: number for folder, number in folders.items() if number > 20} == {}


def test_modules_are_short() -> None:
    lengths = {path.relative_to(ROOT).as_posix(): length(path) for path in MODULES}
    assert {name: lines for name, lines in lengths.items() if lines > 300} == {}
    assert median(lengths.values()) <= 110


def test_a_class_name_means_one_thing() -> None:
    places = defaultdict(list)
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(f"{path.relative_to(ROOT).as_posix()}:{node.lineno}")
    assert {name: where for name, where in places.items() if len(where) > 1} == {}
