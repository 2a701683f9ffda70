"""Models as data: names, prices on their day, and a project's own."""

from __future__ import annotations

from datetime import date

import pytest

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.llm.catalogue import load, price, resolve
from aifirst_dagster.llm.failures import RejectedError
from aifirst_dagster.llm.providers.rate_headers import openai_limits
from aifirst_dagster.llm.types import Tokens
from aifirst_dagster.project import Project

MILLION = 1_000_000


def test_prices_hold_from_their_day_on():
    model, _ = resolve("claude-sonnet-5-5")
    read = Tokens(cache_read=MILLION)
    assert price(model, read, date(2026, 10, 6)) == pytest.approx(0.20)
    assert price(model, read, date(2026, 10, 7)) == pytest.approx(0.10)


def test_each_kind_of_token_has_its_rate():
    model, _ = resolve("claude-sonnet-5-5")
    tokens = Tokens(input=MILLION, cache_write_5m=MILLION, cache_write_1h=MILLION, output=MILLION)
    assert price(model, tokens) == pytest.approx(2 + 2.5 + 4 + 10)


def test_a_long_prompt_is_dearer_as_a_whole():
    model, _ = resolve("claude-haiku-5-5")
    assert price(model, Tokens(input=100_000, output=1000)) == pytest.approx(0.0105)
    assert price(model, Tokens(input=60_000, cache_read=40_001)) == pytest.approx(0.03 + 40_001 * 0.05 / MILLION)


def test_retirement_takes_effect_on_its_day():
    model, notice = resolve("claude-sonnet-4-5", at=date(2026, 11, 29))
    assert model.name == "claude-sonnet-4-5"
    assert notice is not None
    assert "2026-11-30" in notice
    model, notice = resolve("claude-sonnet-4-5", at=date(2026, 11, 30))
    assert model.name == "claude-sonnet-5-5"
    assert notice is not None


def test_a_current_name_gives_no_notice():
    assert resolve("claude-sonnet-5-5")[1] is None


def test_an_unknown_name_is_an_error_with_the_nearest_one():
    with pytest.raises(ConfigError, match="claude-sonet-5-5") as caught:
        resolve("claude-sonet-5-5")
    assert "Did you mean 'claude-sonnet-5-5'" in caught.value.hint


OWN = """
models:
  claude-sonnet-5-5:
    provider: claude
    context: 1000
    max_output: 500
    prices: [{input: 1, output: 1, cache_read: 1, cache_write_5m: 1, cache_write_1h: 1}]
aliases:
  house: {model: claude-sonnet-5-5}
"""


def test_a_project_has_its_own_models_over_the_packaged_ones(project: Project):
    file = project.resources / "llm" / "models.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(OWN)
    model, notice = resolve("house", project)
    assert (model.max_output, notice) == (500, "house is served by claude-sonnet-5-5.")
    assert "claude-haiku-5-5" in load(project).models
    assert load().models["claude-sonnet-5-5"].max_output == 128_000


def test_a_typo_in_the_projects_models_is_named_with_its_place(project: Project):
    file = project.resources / "llm" / "models.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(OWN.replace("max_output", "max_outptu"))
    with pytest.raises(ConfigError, match="max_outptu") as caught:
        load(project)
    assert caught.value.hint == "Did you mean 'max_output'?"
    assert (caught.value.file, caught.value.line, caught.value.column) == (str(file), 6, 5)


def test_every_provider_has_models_that_can_do_the_work():
    models = load().models.values()
    assert {model.provider for model in models} == {"claude", "openai", "gemini"}
    for model in models:
        assert model.rates() is not None, model.name
        assert (model.vision, model.pdf, model.tools, model.structured_output) == (True,) * 4, model.name


def test_an_introductory_price_ends_on_its_day():
    model, _ = resolve("gemini-4-argon")
    assert price(model, Tokens(input=MILLION), date(2026, 11, 30)) == pytest.approx(2)
    assert price(model, Tokens(input=MILLION, output=MILLION), date(2026, 12, 1)) == pytest.approx(24)


def test_a_long_prompt_at_openai_is_dearer_as_a_whole():
    model, _ = resolve("gpt-sol")
    assert price(model, Tokens(input=272_000, output=1_000)) == pytest.approx(0.554)
    assert price(model, Tokens(input=272_001, output=1_000)) == pytest.approx(272_001 * 4 / MILLION + 0.015)


UNPRICED = """
models:
  house-model:
    provider: openai
    context: 1000
    max_output: 500
    vision: true
"""


def test_a_model_without_a_price_is_never_free(project: Project):
    file = project.resources / "llm" / "models.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(UNPRICED)
    model, _ = resolve("house-model", project)
    with pytest.raises(RejectedError, match="price of house-model is not known") as caught:
        price(model, Tokens(input=1))
    # The hint is what to write, with what is known of the model.
    assert "prices: [{input: ..., output: ...}]" in caught.value.hint
    file.write_text(UNPRICED + "    prices: [{input: 4, output: 8}]\n")
    model, _ = resolve("house-model", project)
    # What the file does not say of the cache is taken from above.
    assert price(model, Tokens(cache_read=MILLION)) == 4
    assert price(model, Tokens(cache_write_5m=MILLION, cache_write_1h=MILLION)) == 5 + 10


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("20ms", 0.02), ("1s", 1.0), ("6m0s", 360.0), ("1h2m3.5s", 3723.5), ("soon", None), ("", None)],
)
def test_openais_durations(text: str, seconds: float | None):
    headers = {f"x-ratelimit-{name}-requests": "5" for name in ("limit", "remaining")}
    found = openai_limits({**headers, "x-ratelimit-reset-requests": text})
    assert [limit.reset for limit in found] == ([] if seconds is None else [pytest.approx(seconds)])
