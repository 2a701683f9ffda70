"""A report on a dataset version: true to the verdict, one file that asks nothing of the network, safe with any data."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from aifirst_dagster_tests.scenario import Place, step

EVIL = "<script>alert(1)</script>"
RULES = [
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "age", "max_value": 120}, "severity": "error",
     "rationale": f"Nobody is older {EVIL}"},
    {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "kind", "value_set": ["a", "b"]}},
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "kind"}},
]  # fmt: skip


class _Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def people(bad: int) -> str:
    rows = [f'{n},{20 + n % 50},{"a" if n % 3 else "b"},"v{n}"' for n in range(300)]
    rows += [f'{n},{900 + n},{EVIL},"\u202egnp.exe"' for n in range(bad)]
    return 'id,age,kind,"na<b>me""\'|`"\n' + "\n".join(rows) + "\n"


@pytest.fixture
def shop(place: Place) -> Place:
    pipeline = place.pipeline(
        step("raw", "connector", path="in/people.csv"),
        step("checked", "llm_validation", rules=RULES, threshold=0.5),
        description=f"People {EVIL}",
    )
    for bad in (1, 4):
        place.write("in/people.csv", people(bad))
        place.run(pipeline)
    return place


@pytest.fixture
def made(shop: Place, tmp_path: Path, furnished, aifirst) -> tuple[dict, str]:
    out = tmp_path / "report.html"
    said = aifirst("report", "shop", "-o", out, "--json")
    assert said.code == 0, said.err
    return said.json, out.read_text(encoding="utf-8")


@pytest.fixture
def furnished(tmp_path_factory, shop: Place) -> Path:
    """The state that the runs above left, where the command expects one to copy."""
    return Path(str(shop.project.home)).rename(tmp_path_factory.mktemp("kept") / "home")


def test_it_says_what_the_verdict_says(made, shop: Place):
    answer, text = made
    verdict = shop.store.current("shop", "checked").read_json("verdict.json")
    assert answer["report"]["score"] == verdict["score"]
    assert {name: round(value, 6) for name, value in answer["dimensions"].items()} == {
        name: value for name, value in verdict["dimensions"].items() if value is not None
    }
    page = _Page(text)
    assert answer["report"]["verdict"] in page.text
    assert "2 of 3 rules found invalid values" in page.text
    assert "4 rows are in quarantine" in page.text
    assert [point["quarantined"] for point in answer["report"]["trend"]] == [1, 4]
    assert [one["step"] for one in answer["report"]["lineage"]] == ["raw", "checked"]
    assert "people.csv" in page.text


def test_it_holds_all_that_it_shows(made):
    answer, text = made
    assert re.search(r"https?:|//[a-z]|url\((?!#)|@import", text) is None
    page = _Page(text)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert any("default-src 'none'" in (attributes.get("content") or "") for tag, attributes in page.tags)
    assert answer["bytes"] == len(text.encode()) < 500_000


def test_nothing_in_the_data_becomes_markup(made):
    _, text = made
    page = _Page(text)
    assert EVIL in page.text, "it is shown as text"
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert "\u202e" not in text, "no sign that turns the text around it"


def test_pictures_say_in_words_what_they_show(made):
    _, text = made
    page = _Page(text)
    figures = [attributes for tag, attributes in page.tags if attributes.get("role") == "img"]
    assert all(attributes.get("aria-label") for attributes in figures)
    (trend,) = [one for one in figures if one["aria-label"].startswith("Trend")]
    assert "4 in quarantine" in trend["aria-label"]
    assert [attributes.get("aria-hidden") for tag, attributes in page.tags if tag == "svg"] == ["true"]


def test_markdown_is_safe_in_its_tables(shop, aifirst):
    text = aifirst("report", "shop", "--md").out
    assert "| dimension | score |" in text
    assert "<script" not in text.replace(f"`{EVIL}`", ""), "only as code, where it stays text"
    for line in [line for line in text.splitlines() if line.startswith("|")]:
        cells = re.split(r"(?<!\\)\|", line)
        assert len(cells) in (5, 6, 7), line


def test_an_earlier_version_can_be_asked_for(shop, aifirst, tmp_path):
    first = sorted(path.parent.name for path in (shop.store.place("shop", "checked")).glob("*/manifest.json"))[0]
    answer = aifirst("report", "shop", "checked", "--version", first, "-o", tmp_path / "r.html", "--json").json
    assert (answer["report"]["rows"], len(answer["report"]["trend"])) == (300, 1)
    wrong = aifirst("report", "shop", "--version", "2", "-o", tmp_path / "r.html", "--json")
    assert (wrong.code, "several versions" in wrong.json["error"]["message"]) == (2, True)
    none = aifirst("report", "shop", "--version", "1999", "--json")
    assert (none.code, "no version" in none.json["error"]["message"]) == (2, True)


def test_a_step_without_rules_says_so(shop, aifirst, tmp_path):
    answer = aifirst("report", "shop", "raw", "-o", tmp_path / "r.html", "--json").json
    assert (answer["report"]["score"], answer["dimensions"]) == (None, {})
    assert "not judged" in answer["report"]["verdict"]


def test_what_does_not_exist_is_named(place, aifirst):
    assert aifirst("report", "nowhere", "--json").code == 2
    assert aifirst("report", "nowhere.csv", "--json").code == 2
    place.pipeline(step("raw", "connector", path="in/people.csv"), name="fresh")
    assert "no data yet" in aifirst("report", "fresh", "--json").json["error"]["message"]
