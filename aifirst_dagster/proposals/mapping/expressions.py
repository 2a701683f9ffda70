"""Expressions that a model writes: scalar SQL over named columns, of known harmless functions; all else is refused."""

from __future__ import annotations

from collections.abc import Iterable

#: Functions by their names in DuckDB.
FUNCTIONS = frozenset({
    "abs", "array_to_string", "ceil", "ceiling", "chr", "coalesce", "concat", "concat_ws", "contains", "date_diff",
    "date_part", "date_trunc", "datediff", "day", "dayofweek", "ends_with", "extract", "floor", "format",
    "greatest", "hour", "if", "ifnull", "initcap", "instr", "lcase", "least", "left", "len", "length", "lower",
    "lpad", "ltrim", "make_date", "md5", "minute", "mod", "month", "nullif", "position", "power", "prefix",
    "quarter", "regexp_extract", "regexp_full_match", "regexp_matches", "regexp_replace", "replace", "reverse",
    "right", "round", "rpad", "rtrim", "second", "sign", "split_part", "sqrt", "starts_with", "strftime",
    "string_split", "strip_accents", "strlen", "strptime", "strpos", "substr", "substring", "suffix", "translate",
    "trim", "trunc", "try_strptime", "ucase", "upper", "week", "year",
})  # fmt: skip

_NODES = frozenset({
    "Column", "Identifier", "Literal", "Boolean", "Null", "Paren", "Neg", "Add", "Sub", "Mul", "Div", "IntDiv",
    "Mod", "DPipe", "And", "Or", "Not", "EQ", "NEQ", "LT", "LTE", "GT", "GTE", "Is", "In", "Between", "Like",
    "ILike", "Case", "If", "Cast", "TryCast", "DataType", "DataTypeParam", "Tuple", "Var", "Interval", "Distinct",
    "Escape", "NullSafeEQ", "NullSafeNEQ",
})  # fmt: skip
_LONGEST = 2_000


def problem(expression: str, columns: Iterable[str]) -> str | None:
    """What is wrong with `expression`, or None where it may be run.

    Args:
        expression: Scalar SQL as a model wrote it.
        columns: The columns that it may use.
    """
    import sqlglot
    from sqlglot import exp

    if len(expression) > _LONGEST:
        return f"it is longer than {_LONGEST} characters"
    try:
        parsed = sqlglot.parse(f"SELECT {expression}", dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        return f"it is not valid SQL: {str(error).splitlines()[0]}"
    if len(parsed) != 1 or not isinstance(parsed[0], exp.Select):
        return "it is not one expression"
    select = parsed[0]
    if any(part for key, part in select.args.items() if key != "expressions" and part) or len(select.expressions) != 1:
        return "it is not one expression"
    known = set(columns)
    for node in select.expressions[0].walk():
        if node.comments:
            return "it holds a comment"
        if isinstance(node, exp.Column):
            if node.table or node.name not in known:
                return f"it uses {node.sql(dialect='duckdb')}, which is none of its sources {sorted(known)}"
        elif isinstance(node, exp.Func) and type(node).__name__ not in _NODES:
            # sqlglot knows functions by many names: the one that DuckDB would see counts.
            name = (node.name if isinstance(node, exp.Anonymous) else node.sql(dialect="duckdb").split("(")[0]).lower()
            if name.strip() not in FUNCTIONS and not _operator(name):
                return f"it calls {name.strip()}(), which is not among the functions allowed"
        elif not isinstance(node, exp.Func) and type(node).__name__ not in _NODES:
            return f"it uses {type(node).__name__}, which a scalar expression may not"
    return None


def _operator(text: str) -> bool:
    """Whether sqlglot calls an operator a function (say `a AND b`): no word stands before a bracket."""
    return not text.replace("_", "").strip().isalnum()
