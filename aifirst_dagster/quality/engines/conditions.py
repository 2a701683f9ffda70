"""Row conditions (`row_condition`) as SQL: the pandas query form, `col("x") > 1`, and Great Expectations' mapping."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import Any

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.engines.patterns import matches
from aifirst_dagster.quality.engines.plan import CannotEvaluateError, Table

_COMPARE = {
    ast.Eq: "=", ast.NotEq: "<>", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_ARITHMETIC = {
    ast.Add: "({a} + {b})", ast.Sub: "({a} - {b})", ast.Mult: "({a} * {b})", ast.Div: "({a} / {b})",
    ast.Mod: "((({a} % {b}) + {b}) % {b})",  # of the divisor's sign, as in Python
}  # fmt: skip
_WORDS = {"&": "and", "|": "or", "~": "not"}
_SIGNS = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def where(table: Table, kwargs: dict[str, Any]) -> str:
    """The rows that a rule is about, as a SQL boolean that is never unknown; TRUE where it names no condition."""
    wanted = kwargs.get("row_condition")
    return "TRUE" if wanted is None else condition(table, wanted, kwargs.get("condition_parser"))


def condition(table: Table, wanted: str | dict[str, Any], parser: str | None) -> str:
    """A condition as a SQL boolean that is never unknown.

    A text without a parser, or for Spark, is read in the pandas form, as Great Expectations does on pandas.
    """
    if isinstance(wanted, dict):
        return f"({_mapping(table, wanted)}) IS TRUE"
    return f"({parse(table, wanted)}) IS TRUE"


def parse(table: Table, text: str) -> str:
    """SQL for a condition in the pandas or the `col()` form; `&`, `|` and `~` bind as `and`, `or` and `not`."""
    names: dict[str, str] = {}

    def quoted(found: re.Match[str]) -> str:
        names[f"__quoted_{len(names)}"] = found[1]
        return f"__quoted_{len(names) - 1}"

    try:
        source = re.sub(r"`([^`]+)`", quoted, text)
        tokens = tokenize.generate_tokens(io.StringIO(source.strip()).readline)
        skipped = (tokenize.NEWLINE, tokenize.NL, tokenize.ENDMARKER)
        words = [_WORDS.get(token.string, token.string) for token in tokens if token.type not in skipped]
        tree = ast.parse(" ".join(words), mode="eval").body
    except (SyntaxError, tokenize.TokenError, ValueError):
        raise CannotEvaluateError(
            f"row_condition {text!r} cannot be read. Write it as 'age > 17 and country == \"CH\"'."
        ) from None
    if isinstance(tree, ast.BinOp | ast.Constant):
        raise CannotEvaluateError(f"row_condition {text!r} is no condition: it compares nothing.")
    return _Sql(table, names, text).of(tree)


class _Sql:
    def __init__(self, table: Table, names: dict[str, str], text: str) -> None:
        self.table, self.names, self.text_ = table, names, text

    def of(self, node: ast.expr) -> str:
        """SQL of a node: only what is listed here is allowed, so that a condition can do nothing but compare."""
        match node:
            case ast.BoolOp(op=op, values=values):
                joint = " AND " if isinstance(op, ast.And) else " OR "
                return "(" + joint.join(self.of(value) for value in values) + ")"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return f"(NOT {self.of(operand)})"
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return literal(-number)
            case ast.Compare(left=left, ops=ops, comparators=rights):
                sides = [left, *rights]
                return "(" + " AND ".join(self.compare(*each) for each in zip(sides, ops, rights)) + ")"  # noqa: B905
            case ast.Call(func=ast.Name(id="col"), args=[ast.Constant(value=str() as name)]):
                return self.column(name)
            case ast.Call(func=ast.Attribute(value=value, attr=attr), args=[]) if attr.lower() in _NULL_TESTS:
                return f"({self.of(value)} {_NULL_TESTS[attr.lower()]})"
            case ast.Call(func=ast.Name(id="date"), args=[ast.Constant(value=str() as text)]):
                return literal(text)
            case ast.Call(func=ast.Attribute(value=value, attr="isin"), args=[ast.List() | ast.Tuple() as listed]):
                return self.compare(value, ast.In(), listed)
            case ast.Call(func=ast.Attribute(value=ast.Attribute(value=value, attr="str"), attr=attr), args=args):
                return self.text(node, value, attr, args)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return _ARITHMETIC[type(op)].format(a=self.of(left), b=self.of(right))
            case ast.Name(id=name):
                return self.column(self.names.get(name, name))
            case ast.Constant(value=None | bool() | int() | float() | str() as value):
                return literal(value)
        raise self.odd(node)

    def odd(self, node: ast.expr) -> CannotEvaluateError:
        """What is said of a part that has no meaning here."""
        part = ast.unparse(node)
        return CannotEvaluateError(f"row_condition {self.text_!r} has a part that is not supported: {part}.")

    def text(self, node: ast.expr, value: ast.expr, attr: str, args: list[ast.expr]) -> str:
        """One of pandas' methods of texts."""
        match attr, args:
            case (("startswith" | "endswith"), [ast.Constant(value=str() as part)]):
                return f"({attr.removesuffix('with')}_with({self.of(value)}, {literal(part)}) IS TRUE)"
            case "contains", [ast.Constant(value=str() as pattern)]:
                return f"(({matches(self.of(value), pattern)}) IS TRUE)"
            case (("lower" | "upper"), []):
                return f"{attr}({self.of(value)})"
            case "len", []:
                return f"length({self.of(value)})"
        raise self.odd(node)

    def compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> str:
        """One comparison."""
        if isinstance(op, ast.Eq | ast.NotEq) and isinstance(right, ast.List | ast.Tuple):
            op = ast.In() if isinstance(op, ast.Eq) else ast.NotIn()
        if isinstance(op, ast.In | ast.NotIn) and isinstance(right, ast.List | ast.Tuple):
            listed = ", ".join(self.of(item) for item in right.elts) or "NULL"
            return f"(({self.of(left)} IN ({listed})) IS {'' if isinstance(op, ast.In) else 'NOT '}TRUE)"
        if type(op) not in _COMPARE:
            raise CannotEvaluateError(f"row_condition {self.text_!r} has a comparison that is not supported.")
        if isinstance(right, ast.Constant) and right.value is None:
            return f"{self.of(left)} IS {'' if isinstance(op, ast.Eq) else 'NOT '}NULL"
        if isinstance(op, ast.NotEq):  # as in pandas, a missing value differs from any other
            return f"{self.of(left)} IS DISTINCT FROM {self.of(right)}"
        return f"(({self.of(left)} {_COMPARE[type(op)]} {self.of(right)}) IS TRUE)"

    def column(self, name: str) -> str:
        """A column's value."""
        self.table.type(name)
        return f"({self.table.value(name)})"


_NULL_TESTS = {
    "notnull": "IS NOT NULL", "notna": "IS NOT NULL", "isnull": "IS NULL", "isna": "IS NULL",
}  # fmt: skip


def _mapping(table: Table, condition: dict[str, Any]) -> str:
    """SQL for Great Expectations' condition objects, as their `to_dict` writes them."""
    match condition:
        case {"type": "and" | "or" as joint, "conditions": [*several]}:
            return "(" + f" {joint.upper()} ".join(_mapping(table, each) for each in several) + ")"
        case {"type": "nullity", "column": {"name": name}, "is_null": is_null}:
            return f"({table.value(name)}) IS {'' if is_null else 'NOT '}NULL"
        case {"type": "comparison", "column": {"name": name}, "operator": str() as sign, "parameter": wanted}:
            column = f"({table.value(name)})"
            if sign.upper() in ("IN", "NOT_IN", "NOT IN"):
                listed = ", ".join(map(literal, wanted)) or "NULL"
                return f"(({column} IN ({listed})) IS {'NOT ' if 'NOT' in sign.upper() else ''}TRUE)"
            if sign == "!=":  # as in pandas, a missing value differs from any other
                return f"{column} IS DISTINCT FROM {literal(wanted)}"
            if sign in _SIGNS:
                return f"{column} {_SIGNS[sign]} {literal(wanted)}"
        case {"type": "pass_through", "pass_through_filter": str() as text}:
            return parse(table, text)
    raise CannotEvaluateError(f"row_condition {condition!r} is not one of Great Expectations' conditions.")
