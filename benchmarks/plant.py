"""Clean tables from generators of our own, and one anomaly of each kind planted in them: (table, truth)."""

from __future__ import annotations

import numpy as np
import pandas as pd

Truth = dict[tuple[int, str], str]
"""(row, column) -> kind of the planted cell; column "" where it is about the row."""


def sales(rng: np.random.Generator, rows: int = 2_000) -> pd.DataFrame:
    """Orders: log-normal prices by product, totals that follow, cities that settle countries, a file a month."""
    products = [f"P-{n:03d}" for n in range(24)]
    level = dict(zip(products, np.exp(rng.normal(3, 1, 24)), strict=True))
    cities = {"Bern": "CH", "Basel": "CH", "Paris": "FR", "Lyon": "FR", "Rome": "IT", "Milan": "IT", "Vienna": "AT"}
    product = rng.choice(products, rows)
    city = rng.choice(list(cities), rows)
    qty = rng.integers(1, 12, rows)
    price = np.round([level[p] for p in product] * np.exp(rng.normal(0, 0.12, rows)), 2)
    sold = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 240, rows)), unit="D")
    shipped = sold + pd.to_timedelta(rng.integers(0, 9, rows), unit="D")
    return pd.DataFrame({
        "order_id": np.arange(1, rows + 1), "sold": sold, "shipped": shipped, "product": product, "city": city,
        "country": [cities[c] for c in city], "qty": qty, "price": price, "total": np.round(qty * price, 2),
        "currency": rng.choice(["EUR", "CHF", "GBP"], rows, p=[0.6, 0.3, 0.1]),
        "phone": [f"+41 {a} {b:03d} {c:04d}" for a, b, c in zip(rng.integers(20, 80, rows), rng.integers(0, 999, rows),
                                                              rng.integers(0, 9999, rows), strict=True)],
        "_file": sold.strftime("sales_%m.csv"),
    })  # fmt: skip


def sensors(rng: np.random.Generator, rows: int = 2_400) -> pd.DataFrame:
    """Readings of three stations, one an hour: a daily wave, a slow walk, some noise; pressure follows height."""
    each = rows // 3
    hour = np.arange(each)
    parts = []
    for station, height in (("north", 400), ("south", 150), ("west", 900)):
        wave = 12 + 7 * np.sin(hour / 24 * 2 * np.pi) + np.cumsum(rng.normal(0, 0.15, each))
        parts.append(pd.DataFrame({
            "at": pd.Timestamp("2024-03-01") + pd.to_timedelta(hour, unit="h"), "station": station,
            "temperature": np.round(wave + rng.normal(0, 0.3, each) - height / 150, 2),
            "humidity": np.round(np.clip(70 - 1.5 * (wave - 12) + rng.normal(0, 3, each), 5, 100), 1),
            "pressure": np.round(1013 - height / 8.3 + np.cumsum(rng.normal(0, 0.1, each)), 1),
        }))  # fmt: skip
    found = pd.concat(parts, ignore_index=True).sort_values(["at", "station"], kind="stable").reset_index(drop=True)
    found["_file"] = "readings.csv"
    return found


def people(rng: np.random.Generator, rows: int = 1_500) -> pd.DataFrame:
    """People: heights and weights that go together, ages, skewed incomes, names with accents."""
    names = ["Müller", "García", "Šimić", "Dubois", "Rossi", "Weiß", "Søren", "Novák", "Peña", "Björk", "Smith"]
    height = rng.normal(172, 9, rows)
    weight = 72 + 0.9 * (height - 172) + rng.normal(0, 8, rows)
    return pd.DataFrame({
        "person_id": rng.permutation(np.arange(10_000, 10_000 + rows)), "name": rng.choice(names, rows),
        "height_cm": np.round(height, 1), "weight_kg": np.round(weight, 1), "age": rng.integers(18, 91, rows),
        "income": np.round(np.exp(rng.normal(10.4, 0.6, rows)), 0),
        "level": rng.choice(["basic", "medium", "high"], rows),
        "department": rng.choice(["A1", "B2", "C3", "D4"], rows),
        "_file": "people.csv",
    })  # fmt: skip


def _some(rng: np.random.Generator, rows: int, count: int) -> np.ndarray:
    return np.sort(rng.choice(np.arange(10, rows - 10), count, replace=False))


def planted(kind: str, rng: np.random.Generator) -> tuple[pd.DataFrame, Truth]:
    """A table with one kind of anomaly, and where it is."""
    table, column, rows = _PLANTS[kind](rng)
    return table, {(int(row), name): kind for row in rows for name in column.split("|")}


def _decimal(rng: np.random.Generator) -> tuple[pd.DataFrame, str, np.ndarray]:
    table = sales(rng)
    at = _some(rng, len(table), 8)
    table.loc[at, "price"] = np.round(table.loc[at, "price"] * rng.choice([10.0, 100.0, 0.01], 8), 4)
    table.loc[at, "total"] = np.round(table.loc[at, "price"] * table.loc[at, "qty"], 4)
    return table, "price", at


def _unit(rng: np.random.Generator) -> tuple[pd.DataFrame, str, np.ndarray]:
    table = sales(rng)
    at = np.flatnonzero(table["_file"] == rng.choice(["sales_03.csv", "sales_07.csv"]))
    table.loc[at, "price"] *= rng.choice([100.0, 1000.0, 0.01])
    table.loc[at, "total"] = table.loc[at, "price"] * table.loc[at, "qty"]
    return table, "price", at


def _outlier(rng: np.random.Generator) -> tuple[pd.DataFrame, str, np.ndarray]:
    table = people(rng)
    at = _some(rng, len(table), 5)
    table["age"] = table["age"].astype("int64")
    table.loc[at, "age"] = rng.integers(250, 400, 5)
    return table, "age", at


def _default_date(rng: np.random.Generator) -> tuple[pd.DataFrame, str, np.ndarray]:
    table = sales(rng)
    at = _some(rng, len(table), 12)
    table.loc[at, "sold"] = pd.Timestamp(str(rng.choice(["1900-01-01", "1970-01-01", "9999-12-31"])))
    return table, "sold", at


def _default_number(rng: np.random.Generator) -> tuple[pd.DataFrame, str, np.ndarray]:
    table = people(rng)
    at = _some(rng, len(table), 9)
    table.loc[at, "age"] = int(rng.choice([999, 9999, 0, -1]))
    return table, "age", at


def _swapped(rng: np.random.Generator) -> tuple[pd.DataFrame, str, np.ndarray]:
    table = sales(rng)
    at = _some(rng, len(table), 8)
    table.loc[at, ["city", "country"]] = table.loc[at, ["country", "city"]].to_numpy()
    return table, "city|country", at


def _swapped_numbers(rng: np.random.Generator) -> tuple[pd.DataFrame, str, np.ndarray]:
    table = people(rng)
    at = _some(rng, len(table), 8)
    table.loc[at, ["height_cm", "weight_kg"]] = table.loc[at, ["weight_kg", "height_cm"]].to_numpy()
    return table, "height_cm|weight_kg", at


def _mojibake(rng: np.random.Generator) -> tuple[pd.DataFrame, str, np.ndarray]:
    table = people(rng)
    able = np.flatnonzero(~table["name"].str.isascii())
    at = np.sort(rng.choice(able, 15, replace=False))
    table.loc[at, "name"] = [text.encode().decode("cp1252", "replace") for text in table.loc[at, "name"]]
    return table, "name", at


def _currency(rng: np.random.Generator) -> tuple[pd.DataFrame, str, np.ndarray]:
    table = sales(rng)
    at = _some(rng, len(table), 3)
    table.loc[at, "currency"] = "JPY"
    return table, "currency", at


def _misspelt(rng: np.random.Generator) -> tuple[pd.DataFrame, str, np.ndarray]:
    table = sales(rng)
    at = _some(rng, len(table), 5)
    table.loc[at, "city"] = [f"{c[:-2]}{c[-1]}{c[-2]}" for c in table.loc[at, "city"]]
    return table, "city", at


def _form(rng: np.random.Generator) -> tuple[pd.DataFrame, str, np.ndarray]:
    table = sales(rng)
    at = _some(rng, len(table), 6)
    table.loc[at, "phone"] = [f"{n}-41" for n in rng.integers(1_000_000, 9_999_999, 6)]
    return table, "phone", at


def _total(rng: np.random.Generator) -> tuple[pd.DataFrame, str, np.ndarray]:
    table = sales(rng)
    at = _some(rng, len(table), 10)
    table.loc[at, "total"] = np.round(table.loc[at, "total"] * rng.uniform(1.05, 1.6, 10), 2)
    return table, "total", at


def _country(rng: np.random.Generator) -> tuple[pd.DataFrame, str, np.ndarray]:
    table = sales(rng)
    at = _some(rng, len(table), 8)
    other = {"CH": "FR", "FR": "IT", "IT": "AT", "AT": "CH"}
    table.loc[at, "country"] = [other[c] for c in table.loc[at, "country"]]
    return table, "country", at


def _order(rng: np.random.Generator) -> tuple[pd.DataFrame, str, np.ndarray]:
    table = sales(rng)
    at = _some(rng, len(table), 6)
    table.loc[at, "shipped"] = table.loc[at, "sold"] - pd.to_timedelta(rng.integers(2, 30, 6), unit="D")
    return table, "shipped", at


def _spike(rng: np.random.Generator) -> tuple[pd.DataFrame, str, np.ndarray]:
    table = sensors(rng)
    at = _some(rng, len(table), 8)
    table.loc[at, "temperature"] += rng.choice([-1, 1], 8) * rng.uniform(8, 12, 8)
    return table, "temperature", at


def _peer(rng: np.random.Generator) -> tuple[pd.DataFrame, str, np.ndarray]:
    table = sales(rng)
    level = table.groupby("product")["price"].median()
    cheap = np.flatnonzero(table["product"].isin(level[level < level.median()].index))
    at = np.sort(rng.choice(cheap, 6, replace=False))
    table.loc[at, "price"] = np.round(table.loc[at, "price"] * rng.uniform(3.5, 6, 6), 2)
    table.loc[at, "total"] = np.round(table.loc[at, "price"] * table.loc[at, "qty"], 2)
    return table, "price", at


def _missing(rng: np.random.Generator) -> tuple[pd.DataFrame, str, np.ndarray]:
    table = sales(rng)
    at = np.flatnonzero(table["_file"] == "sales_05.csv")
    table.loc[at, "phone"] = None
    return table, "phone", at


def _volume(rng: np.random.Generator) -> tuple[pd.DataFrame, str, np.ndarray]:
    table = sales(rng, 4_000)
    day = pd.Timestamp("2024-05-14")
    more = table.sample(140, random_state=int(rng.integers(1_000_000))).assign(sold=day, shipped=day)
    table = pd.concat([table, more], ignore_index=True).sort_values("sold", kind="stable").reset_index(drop=True)
    table["order_id"] = np.arange(1, len(table) + 1)
    return table, "", np.flatnonzero(table["sold"] == day)


def _combination(rng: np.random.Generator) -> tuple[pd.DataFrame, str, np.ndarray]:
    table = people(rng)
    at = _some(rng, len(table), 5)
    table.loc[at, "height_cm"], table.loc[at, "weight_kg"] = 196.0, 39.0
    return table, "", at


_PLANTS = {
    "decimal": _decimal, "unit of a file": _unit, "outlier": _outlier, "default date": _default_date,
    "default number": _default_number, "swapped texts": _swapped, "swapped numbers": _swapped_numbers,
    "mojibake": _mojibake, "new currency": _currency, "misspelt": _misspelt, "form": _form, "wrong total": _total,
    "wrong country": _country, "wrong order": _order, "spike": _spike, "off its peers": _peer,
    "missing together": _missing, "volume": _volume, "combination": _combination,
}  # fmt: skip
KINDS = tuple(_PLANTS)
