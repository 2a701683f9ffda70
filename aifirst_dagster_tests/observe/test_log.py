"""Logs come as text or JSON, and never with a secret in them."""

from __future__ import annotations

import json
import logging

import pytest

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.observe.log import ROOT, configure
from aifirst_dagster.observe.redact import redact


def test_text_is_one_readable_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.delenv("AIFIRST_LOG", raising=False)
    configure("INFO")
    logging.getLogger(f"{ROOT}.llm.gateway").info("hello %s", "there")
    line = capsys.readouterr().err
    assert line.endswith("INFO llm.gateway: hello there\n")


def test_json_is_one_object_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("AIFIRST_LOG", "json")
    configure()
    configure()
    try:
        raise ValueError("with\nlines")
    except ValueError:
        logging.getLogger(f"{ROOT}.x").exception('it "broke"\n雪', extra={"run_id": "r1"})
    (line,) = capsys.readouterr().err.splitlines()
    entry = json.loads(line)
    assert (entry["message"], entry["level"], entry["run_id"]) == ('it "broke"\n雪', "ERROR", "r1")
    assert "ValueError" in entry["error"]


@pytest.mark.parametrize(("name", "value"), [("AIFIRST_LOG", "xml"), ("AIFIRST_LOG_LEVEL", "LOUD")])
def test_a_wrong_setting_is_a_clear_error(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=name):
        configure()


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_never_reach_the_log(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: str):
    monkeypatch.setenv("AIFIRST_LOG", form)
    monkeypatch.setenv("SOME_API_KEY", "plain-looking-value")
    configure("DEBUG")
    logging.getLogger(ROOT).info(
        "key plain-looking-value, sk-ant-api03-abcdefgh, Authorization: Bearer abc.def-ghi_jkl"
    )
    logging.getLogger(ROOT).info("at postgresql://me:hush@host/db")
    shown = capsys.readouterr().err
    for secret in ("plain-looking", "sk-ant-api03", "abc.def", "hush"):
        assert secret not in shown
    assert "postgresql://me:***@host/db" in shown


def test_ordinary_text_is_left_alone():
    text = "12:30 customers: 3 of 10 rows (mail a@b.example, task-force, https://example.org/a:b)"
    assert redact(text) == text
