"""Every query of the guide runs, as the user who may only read."""

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from faultcast.reports.database import connect
from faultcast.reports.sinks.mysql import MySqlSink
from faultcast.reports.tables import Base
from faultcast.steady_state.verdict import Status
from tests.factories import make_record, make_run
from tests.integration.conftest import MariaDb

pytestmark = pytest.mark.integration

GUIDE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()


def test_every_query_of_the_guide_has_an_answer(mariadb: MariaDb, tmp_path: Path) -> None:
    sink = MySqlSink(mariadb.writer, tmp_path / "spool")
    sink.open_run(make_run())
    for status in Status:
        sink.publish(make_record(tmp_path / status, status))
    queries = re.findall(r"```sql\n(.*?)```", GUIDE, re.DOTALL)
    assert len(queries) >= 5
    with connect(mariadb.reader) as connection:
        for query in queries:
            assert connection.execute(text(query)).all(), query


def test_every_table_is_explained() -> None:
    for table in Base.metadata.tables:
        assert f"| `{table}` |" in GUIDE
