"""What is there for Prometheus, by its own promtool."""

import base64
import json
import re
import subprocess
import time

import pytest

from harness import SOURCE, inquiry, unpacked, wait_for
from milterclient import Milter

FOLDER = SOURCE / "contrib/prometheus"


@pytest.fixture(scope="module")
def promtool():
    program = unpacked("promtool") / "usr/bin/promtool"

    def run(*arguments, text=None):
        done = subprocess.run([program, *map(str, arguments)], input=text, text=True, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout
        return done.stdout
    return run


def asked():
    """Every expression of the dashboard."""
    dashboard = json.loads((FOLDER / "grafana.json").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]


def test_the_alerts(promtool):
    promtool("check", "rules", "--lint=all", "--lint-fatal", FOLDER / "alerts.yaml")
    promtool("test", "rules", SOURCE / "tests/alerts.yaml")


def test_the_dashboard_s_expressions(promtool, place):
    rules = [{"record": f"panel:{n}", "expr": expr} for n, expr in enumerate(asked())]
    assert len(rules) > 5
    file = place / "rules.json"  # which is YAML too
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", file)


def test_the_metrics(promtool, house, standin, place):
    """Their form, and that there is each one that the alerts and the dashboard ask for."""
    folder = place / "metrics"
    folder.mkdir()
    claims = json.dumps({"exp": int(time.time()) + 3600}).encode()
    standin.token = f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.sign"
    house.token_file.write_text(standin.token)
    house.configure(metrics=str(folder))
    house.milter.start()
    house.submit.start()
    with Milter(house.listen) as milter:
        milter.deliver(inquiry(1).replace(b"\n", b"\r\n"))
    house.wait_states(done=1)
    files = [folder / f"{name}.prom" for name in ("lead-milter", "lead-submit")]
    wait_for(lambda: all(f.exists() and "_bucket{" in f.read_text() for f in files), 30)
    texts = [f.read_text() for f in files]
    for text in (*texts, house.leadctl("stats", "--prometheus")):
        assert text
        promtool("check", "metrics", text=text)
    there = set(re.findall(r"(?m)^(lead_\w+)[ {]", "".join(texts)))
    wanted = re.findall(r"\blead_(?:milter|submit)_\w+", " ".join(
        [(FOLDER / "alerts.yaml").read_text(), *asked()]))
    assert wanted and not set(wanted) - there
