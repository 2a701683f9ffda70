"""Texts that were decoded with the wrong encoding: `MÃ¼ller` for `Müller`; ftfy says what was meant."""

from __future__ import annotations

from aifirst_dagster.quality.anomalies.flags import add
from aifirst_dagster.quality.anomalies.table import TABLE, Table

#: What UTF-8 looks like when read as Latin-1 or Windows-1252; and the mark of a byte that could not be read.
SUSPECT = r"[ÃÂâÐÑ][\x{0080}-\x{00BF}‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—™š›œžŸ€]|ï»¿|\x{FFFD}"
#: Different texts that are looked at.
TEXTS = 20_000


def find(table: Table) -> None:
    """Flag texts that are mended by decoding them once more, and those that lost a character for good."""
    import ftfy

    for field in table.of("text"):
        if not table.ask(f"SELECT count(*) FROM {table.counted(field)} WHERE regexp_matches(v, '{SUSPECT}')")[0][0]:
            continue
        texts = [
            text for (text,) in table.ask(
                f"SELECT DISTINCT {field.text} FROM {TABLE} WHERE regexp_matches({field.text}, '{SUSPECT}') "
                f"LIMIT {TEXTS}"
            )
        ]  # fmt: skip
        if not texts:
            continue
        pairs = [(text, mended if (mended := ftfy.fix_encoding(text)) != text and "\ufffd" not in mended else None)
                 for text in texts]  # fmt: skip
        pairs = [(text, mended) for text, mended in pairs if mended is not None or "\ufffd" in text]
        if not pairs:
            continue
        name = table.create("__anomaly_mended", "SELECT ''::VARCHAR AS old, ''::VARCHAR AS new WHERE FALSE")
        table.con.executemany(f"INSERT INTO {name} VALUES (?, ?)", pairs)
        add(table, field, "encoding",
            f"SELECT __row, {field.text} AS value, m.new AS expected, 10.0 AS surprise, '' AS cause "
            f"FROM {TABLE} JOIN {name} m ON {field.text} = m.old")  # fmt: skip
