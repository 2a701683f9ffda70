"""The UI in a real browser: the picture of a pipeline's lineage, and the list of its checks."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

import aifirst_dagster.state as state
from aifirst_dagster.project import Project
from aifirst_dagster.state.ledger import NewCall
from aifirst_dagster_tests.e2e import browser
from aifirst_dagster_tests.e2e.conftest import Scene
from aifirst_dagster_tests.e2e.graphql import until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(browser.binary() is None, reason="needs Chromium: apt-get install chromium"),
]


def test_the_lineage_of_a_pipeline_shows_every_step(scene: Scene, tmp_path: Path) -> None:
    scene.ended("customers")
    address = f"{scene.ui.address}/locations/aifirst_dagster/asset-groups/customers/lineage"
    page = browser.text(address)
    assert "customers" in page.partition("<title")[2].partition("</title>")[0]
    for step in ("raw", "clean", "checked", "by_country", "publish_summary"):
        assert f">{step}<" in page, step
    picture = tmp_path / "lineage.png"
    browser.screenshot(address, picture)
    assert size(picture) == (1400, 900)
    assert colours(picture) > 50, "not an empty page"


def test_the_checks_of_an_asset_are_listed_with_their_verdicts(scene: Scene) -> None:
    scene.ended("customers")
    scene.ui.reload()
    address = f"{scene.ui.address}/assets/customers/checked?view=checks"
    for check in ("quality_score", "row_reconciliation", "email__values_to_match_regex"):
        # The page asks for its list when it is open already: on a busy machine that is later than its picture.
        until(lambda check=check: check in browser.text(address), 90, f"the check {check}")


def test_what_was_spent_is_shown_as_a_picture(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIFIRST_HOME", str(scene.place.root / "state"))
    ledger = state.open(Project(scene.place.root)).ledger
    for step, cost in (("raw", 0.02), ("clean", 0.05)):
        call = NewCall("c", 1, "r", "claude", "claude", "claude-sonnet-5-5", "f", 0.2, "customers", step)
        row = ledger.reserve(call)
        assert isinstance(row, str)
        ledger.finish(row, "settled", cost)
    assert scene.ui.finished(scene.ui.launch("aifirst"), 300) == "SUCCESS"
    address = f"{scene.ui.address}/assets/aifirst/llm_spend?view=overview"
    page = browser.text(address)
    assert "dearest steps" in page and "$0.0500" in page and ">0.07<" in page
    assert '<img src="data:image/svg+xml;base64,' in page
    picture = tmp_path / "spend.png"
    browser.screenshot(address, picture, scale=0.7)
    assert colours(picture) > 50, "not an empty page"


def size(png: Path) -> tuple[int, int]:
    """Width and height of a PNG."""
    return struct.unpack(">II", png.read_bytes()[16:24])


def colours(png: Path) -> int:
    """A lower bound of how varied a PNG is: distinct rows of pixels."""
    data, body = png.read_bytes(), b""
    at = 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        if data[at + 4 : at + 8] == b"IDAT":
            body += data[at + 8 : at + 8 + length]
        at += 12 + length
    raw = zlib.decompress(body)
    _, height = size(png)
    stride = len(raw) // height
    return len({raw[row * stride : (row + 1) * stride] for row in range(height)})
