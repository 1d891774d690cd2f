"""Files that a Grafana reads when it starts: dashboards, and where their data are."""

import json
from pathlib import Path

from faultcast.infra.errors import ConfigurationError
from faultcast.reports.grafana.adapting import LogStore, adapted
from faultcast.reports.grafana.committed import dashboards

__all__ = ["write_files"]

_PROVIDER = """\
apiVersion: 1
providers:
- name: faultcast
  folder: {folder}
  type: file
  allowUiUpdates: false
  options: {{path: /etc/grafana/dashboards/faultcast}}
"""
_SOURCES = """\
# Grafana fills in $VARIABLES from its environment. What it has under these names already can be left out.
apiVersion: 1
datasources:
- name: Prometheus
  uid: Prometheus
  type: prometheus
  access: proxy
  url: $PROMETHEUS_URL
  jsonData: {{httpMethod: POST, timeInterval: "$PROMETHEUS_SCRAPE_INTERVAL"}}
- name: {name}
  uid: {name}
  type: {kind}
  access: proxy
  url: $LOGS_URL
- name: MySQL
  uid: MySQL
  type: mysql
  access: proxy
  url: $MYSQL_HOST_PORT
  user: $MYSQL_USER
  jsonData: {{database: faultcast, timezone: "+00:00", maxOpenConns: 5}}
  secureJsonData: {{password: $MYSQL_PASSWORD}}
"""


def write_files(folder: Path, logs: LogStore, title: str) -> list[Path]:
    """Write `dashboards/*.json` and `provisioning/`; no file holds a secret.

    Args:
        folder: Where; made when it is missing.
        logs: Where that Grafana reads logs from.
        title: Grafana's folder that the dashboards appear in.

    Returns:
        The files.

    Raises:
        ConfigurationError: Nothing can be written there.
    """
    loki = logs is LogStore.LOKI
    name, kind = ("Loki", "loki") if loki else ("VictoriaLogs", "victoriametrics-logs-datasource")
    texts = {
        f"dashboards/{uid}.json": json.dumps(adapted(one, logs), indent=1, ensure_ascii=False, sort_keys=True)
        + "\n"
        for uid, one in dashboards().items()
    }
    texts["provisioning/dashboards/faultcast.yaml"] = _PROVIDER.format(folder=json.dumps(title))
    texts["provisioning/datasources/faultcast.yaml"] = _SOURCES.format(name=name, kind=kind)
    made = []
    try:
        for place, text in texts.items():
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            made.append(path)
    except OSError as error:
        message = f"cannot write to {error.filename or folder}: {error.strerror}"
        raise ConfigurationError(message, remedy="name another folder with --output") from error
    return made
