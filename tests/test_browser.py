"""A real browser on a real server: the pages as a reader gets them, without scripts."""

import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import missing
from iotkg import release
from iotkg.loading import load_queries
from serving import serve

PAGES = {
    "/?lang=en": ["110 tasks", "88 of 110 tasks", "Special action plan on talent cultivation"],
    "/?lang=zh": ["顶层设计专项行动计划", "88"],
    "/doc/plan/iot-2013_standards?lang=en": ["Accelerate the development of basic and common standards"],
    "/doc/task/iot-2013_standards_2?lang=en": [
        "国家标准委牵头",
        "the plan's safeguard measures",
        "31 December 2015",
    ],
    "/queries/where-wuxi-stands?lang=zh": ["无锡国家传感网创新示范区", "人才培养专项行动计划"],
    "/doc/task/iot-2013_standards_22?lang=en": ["Accelerate the development of basic and common standards"],
}
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--dump-dom",
)


@pytest.fixture(scope="module")
def server(graphs, layout, tmp_path_factory):
    """Serve the real release."""
    dist = tmp_path_factory.mktemp("release") / "dist"
    release.write(graphs, {name: q.text for name, q in load_queries(layout, layout.answers).items()}, dist)
    with serve(dist, dist.parent / "log") as running:
        yield running


@pytest.mark.browser
@pytest.mark.parametrize("path", sorted(PAGES))
def test_a_browser_shows_the_page_and_has_nothing_to_complain_of(server, path, tmp_path):
    """What the page must say is in the document the browser built; its console reports no refused or lost file."""
    chromium = shutil.which("chromium") or missing("chromium")
    shown = subprocess.run(
        [chromium, *FLAGS, f"--user-data-dir={Path(tmp_path)}", f"{server.url}{path}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    for words in PAGES[path]:
        assert words in shown.stdout
    complaints = [
        line for line in shown.stderr.splitlines() if "CONSOLE" in line and "404 (Not Found)" not in line
    ]
    assert complaints == []
