"""The scanner finds what is planted, so that its silence means something."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.canaries import CANARY, found_below, found_in
from tests.unit.infra.redaction.test_forms import QUOTINGS


@pytest.mark.parametrize("quoting", QUOTINGS)
@pytest.mark.parametrize("outer", ["as it is", "JSON", "base64, third place", "quote"])
def test_it_decodes_what_is_encoded_twice(quoting: str, outer: str) -> None:
    planted = QUOTINGS[outer](f'{{"x": "{QUOTINGS[quoting](CANARY)}"}}')
    assert found_in(f"a {planted} b".encode(), [CANARY]) == {CANARY}
    assert found_in(planted.encode(), ["another"]) == set()


def _zip(text: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", text)
    return buffer.getvalue()


@pytest.mark.parametrize("pack", [gzip.compress, _zip])
def test_it_opens_what_is_packed(pack: Callable[[bytes], bytes]) -> None:
    assert found_in(pack(json.dumps(CANARY).encode()), [CANARY]) == {CANARY}


def test_it_reads_parquet_files_and_their_metadata(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": ["x", CANARY]})
    frame.to_parquet(tmp_path / "value.parquet")
    clean = pd.DataFrame({"a": [1.0]})
    clean.attrs["source"] = CANARY
    clean.to_parquet(tmp_path / "metadata.parquet")
    pd.DataFrame({"a": [1.0]}).to_parquet(tmp_path / "clean.parquet")
    found = found_below([tmp_path], [CANARY])
    assert {path.name for path in found[CANARY]} == {"value.parquet", "metadata.parquet"}
