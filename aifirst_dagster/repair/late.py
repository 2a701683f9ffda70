"""What is done to values once all texts are read: missing ones filled, outliers set aside; only where a plan asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aifirst_dagster.datasets.session import LINE, RAW, SOURCE, ident, literal
from aifirst_dagster.errors import ConfigError
from aifirst_dagster.repair.expressions import physical
from aifirst_dagster.repair.lanes import Lane
from aifirst_dagster.repair.plan import RepairPlan

STRATEGIES = ("constant", "mode", "median", "forward", "backward", "dependency")
Tables = list[tuple[str, str]]


def stages(plan: RepairPlan, lanes: list[Lane], tables: Tables, last: str) -> str:
    """Append the common table expressions of these actions to `tables`, and let the lanes say what comes out.

    Args:
        plan: The plan.
        lanes: The columns' ways, whose values exist in `last`.
        tables: (name, SQL) of the expressions so far.
        last: The identifier of the last one.

    Returns:
        The identifier of what is now the last one.

    Raises:
        ConfigError: An action lacks a parameter, or names a column that there is not.
    """
    values = {lane.column.name: lane.value for lane in lanes}
    for lane in lanes:
        own = [(at, a) for at, a in enumerate(plan.actions) if a.kind == "value" and a.column == lane.column.name]
        for at, action in own:
            before, after = lane.value, ident(f"#{lane.source} {at} late")
            if action.action == "fill_missing":
                sql = _filled(lane, action.params, values, last)
            else:
                sql = _bounded(lane, action.params)
            text = ident(f"#{lane.source} {at} file text")
            kept = lane.original if lane.stages else f"CAST({ident(lane.source)} AS VARCHAR)"
            fields = f"{sql} AS {after}, coalesce({RAW}[{literal(lane.source)}], {kept}, '') AS {text}"
            tables.append((f"#late {len(tables)}", f"SELECT *, {fields}\nFROM {last}"))
            last = ident(tables[-1][0])
            changed = f"({after} IS DISTINCT FROM {before})"
            lane.flags[at] = changed
            lane.differs = f"({lane.differs} OR {changed})" if lane.differs else changed
            lane.original = text
            # `stages` only says that there is a text now; it stands in the expressions above.
            lane.stages = lane.stages or [(text, "")]
            lane.value = after
            if action.params.get("into"):
                lane.companions[str(action.params["into"])] = changed
    return last


def _filled(lane: Lane, params: Mapping[str, Any], values: Mapping[str, str], last: str) -> str:
    """SQL: the value, or what the strategy puts in its place; what it cannot tell stays empty."""
    strategy, value = params.get("strategy"), lane.value
    where = f"fill_missing of {lane.column.name!r}"
    by = [_value(values, name, where) for name in _names(params.get("by"))]
    order = [_value(values, name, where) for name in _names(params.get("order"))] or [SOURCE, LINE]
    part = f"PARTITION BY {', '.join(by)} " if by else ""
    if strategy == "constant":
        if params.get("value") is None:
            raise ConfigError(f"{where} says no value.", hint="Give it one: value: 0")
        found = f"CAST({literal(str(params['value']))} AS {physical(lane.column)})"
    elif strategy == "mode":
        found = f"(SELECT {value} FROM {last} WHERE {value} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1)"
    elif strategy == "median":
        found = f"(SELECT quantile_disc({value}, 0.5) FROM {last})"
    elif strategy in ("forward", "backward"):
        # Several rows may share a place in the order: the file's order settles it.
        keys = ", ".join(f"{key}{' DESC' if strategy == 'backward' else ''}" for key in [*order, SOURCE, LINE])
        found = f"last_value({value} IGNORE NULLS) OVER ({part}ORDER BY {keys} ROWS UNBOUNDED PRECEDING)"
    elif strategy == "dependency":
        if not by:
            raise ConfigError(f"{where} does not say what it depends on.", hint="Name the columns: by: [zip]")
        least, most = (f"{kind}({value}) OVER ({part})" for kind in ("min", "max"))
        known = " AND ".join(f"{key} IS NOT NULL" for key in by)
        found = f"CASE WHEN {known} AND {least} = {most} THEN {least} END"
    else:
        raise ConfigError(f"{where} has an unknown strategy {strategy!r}.", hint=f"There are {', '.join(STRATEGIES)}.")
    return f"coalesce({value}, {found})"


def _bounded(lane: Lane, params: Mapping[str, Any]) -> str:
    """SQL: the value as `treat_outliers` leaves it; a row that is to be set aside gets its reason."""
    bounds = [(side, sign) for side, sign in (("low", "<"), ("high", ">")) if params.get(side) is not None]
    if not bounds:
        raise ConfigError(f"treat_outliers of {lane.column.name!r} has no bound.", hint="Give it low, high, or both.")
    kind = physical(lane.column)
    limits = {side: f"CAST({literal(str(params[side]))} AS {kind})" for side, _ in bounds}
    outside = "(" + " OR ".join(f"{lane.value} {sign} {limits[side]}" for side, sign in bounds) + ")"
    what = params.get("how", "quarantine")
    if what == "clip":
        low = f"greatest({lane.value}, {limits['low']})" if "low" in limits else lane.value
        return f"CASE WHEN {outside} THEN {f'least({low}, ' + limits['high'] + ')' if 'high' in limits else low} " \
               f"ELSE {lane.value} END"  # fmt: skip
    if what == "null":
        return f"CASE WHEN {outside} THEN NULL ELSE {lane.value} END"
    if what != "quarantine":
        raise ConfigError(f"treat_outliers of {lane.column.name!r} cannot {what!r}.",
                          hint="There are quarantine, null, clip.")  # fmt: skip
    lane.aside.append((f"coalesce({outside}, FALSE)", f"{lane.column.name}: far outside the others"))
    return lane.value


def _names(given: object) -> list[str]:
    if given is None:
        return []
    return [str(name) for name in given] if isinstance(given, list) else [str(given)]


def _value(values: Mapping[str, str], name: str, where: str) -> str:
    if name not in values:
        raise ConfigError(f"{where} names a column {name!r} that there is not.", hint=f"There are {', '.join(values)}.")
    return values[name]
