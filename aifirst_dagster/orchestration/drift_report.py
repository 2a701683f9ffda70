"""Drift where people look: the `drift` check, the asset's metadata, and an observation on the dataset."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from aifirst_dagster.datasets.store import Version, VersionWriter
from aifirst_dagster.orchestration import redesign
from aifirst_dagster.orchestration.findings import Finding
from aifirst_dagster.orchestration.watch import REPORT

_DO = {
    "schema": "Ask the sender whether the columns are meant; pin or accept a schema contract (docs/schema.md).",
    "volume": "See whether the delivery is complete, and was not delivered twice.",
    "freshness": "See whether the newest delivery arrived, or an old one came again.",
    "nulls": "See whether the source still fills the column, under the same name.",
    "categories": "Take the new values into lists and mappings, or ask what they mean.",
    "range": "See whether the unit changed, or values were typed wrongly.",
    "distribution": "See whether the unit, the currency or the population changed.",
    "format": "See whether the way the texts are written changed: identifiers, codes, dates kept as text.",
    "cardinality": "See whether keys repeat, or values are rounded otherwise.",
    "duplicates": "See whether a file was delivered twice.",
    "joint": "See whether columns were swapped, or joined by another key.",
}


def finding(version: Version) -> Finding:
    """What the `drift` check of a version says; a warning."""
    report = version.read_json(REPORT)
    if report is None:
        return Finding(True, False, "This version is the baseline.")
    drifted = [column["name"] for column in report["columns"] if column["drifted"]]
    shown: dict[str, Any] = {
        "drifted columns": ", ".join(drifted) or "none",
        "schema changes": len(report["schema_changes"]),
        "compared with": _against(report),
        "false alarms": report.get("false_alarms", 0.01),
    }
    if report["drifted"]:
        shown["explanation"] = dg.MetadataValue.md(explanation(report))
    return Finding(not report["drifted"], False, report["insight"], shown)


def metadata(folder: Path) -> dict[str, Any]:
    """What a materialisation shows of the drift report and the redesign that lie in a version's folder."""
    shown: dict[str, Any] = {}
    if (report := _read(folder / REPORT)) is not None:
        shown["drift"] = dg.MetadataValue.md(explanation(report)) if report["drifted"] else report["insight"]
    if (told := _read(folder / redesign.REPORT)) is not None:
        shown["redesign"] = told["text"]
    return shown


def observations(key: dg.AssetKey, writer: VersionWriter) -> Iterator[dg.AssetObservation]:
    """One observation for a version that drifted, one for a step that was designed anew."""
    report, told = _read(writer.folder / REPORT), _read(writer.folder / redesign.REPORT)
    if report is not None and report["drifted"]:
        shown: dict[str, Any] = {"explanation": dg.MetadataValue.md(explanation(report)), "version": writer.version}
        yield dg.AssetObservation(
            key, partition=writer.partition, description=f"Drift: {report['insight']}"[:1000], metadata=shown
        )
    if told is not None:
        facts = {name: value for name, value in told.items() if isinstance(value, int | float | str) and value != ""}
        yield dg.AssetObservation(
            key, partition=writer.partition, description=f"Redesign: {told['text']}", metadata=facts
        )


def explanation(report: dict[str, Any]) -> str:
    """The report in Markdown: what changed and how surely, what it was compared with, what to do."""
    told = report.get("explanation")
    lines = [_plain(report["insight"]), ""]
    findings = report.get("findings") or []
    if findings:
        lines += ["| What | Columns | Change | Size | Counts from | Chance |", "|---|---|---|---|---|---|"]
        for one in findings[:30]:
            cells = [
                one["kind"],
                ", ".join(one["columns"]),
                one["text"],
                _figure(one["effect"]),
                _figure(one["threshold"]),
                _chance(one["p_value"]),
            ]
            lines.append("| " + " | ".join(_plain(str(cell)).replace("|", "\\|") for cell in cells) + " |")
        if len(findings) > 30:
            lines.append(f"\n{len(findings) - 30} more findings are in the version's `{REPORT}`.")
        lines += ["", "What to do:", "", *(f"- {_plain(one)}" for one in (told["todo"] if told else []))]
        lines += [f"- {_DO[kind]}" for kind in dict.fromkeys(one["kind"] for one in findings) if kind in _DO]
        lines.append("- If this is how the data is from now on: `aifirst run PIPELINE --accept-drift`.")
    lines += ["", f"Compared with {_against(report)}."]
    if told:
        counted = f" What it claims was tried: {_plain('; '.join(told['evidence']))}" if told["evidence"] else ""
        lines += ["", f"The first sentences are by {_plain(told['by'])} ({told['state']}).{counted}"]
    return "\n".join(lines)


def _against(report: dict[str, Any]) -> str:
    compared = report.get("baseline") or {}
    if compared.get("kind") == "history":
        return f"{compared['text']}, and what is normal between them"
    return "the baseline (the first version, or the one that was accepted)"


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _plain(text: str) -> str:
    """Text of the data as text: no markup, on one line."""
    return " ".join(text.replace("<", "&lt;").replace("`", "'").replace("](", "] (").split())


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _chance(value: float | None) -> str:
    return "" if value is None else "below 1e-12" if value < 1e-12 else f"{value:.2g}"
