"""The part of CloudWatch's metric math that the alarms use: + - * /, comparisons of numbers, IF and FILL."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Final

Value = float | None

_ARITHMETIC: Final[dict[type, Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISON: Final[dict[type, Callable[[float, float], bool]]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
}


class ExpressionError(ValueError):
    """The expression uses a feature that is not evaluated on this machine."""


def compute(expression: str, values: Mapping[str, Value]) -> Value:
    """Return an expression's value at one moment.

    Args:
        expression: as in the template.
        values: id to the metric's value at that moment, None if it has none.

    Returns:
        None if no metric has a value, if a number is combined with a metric that has no value, and for a
            division by zero.
        If two metrics are combined and one has no value, it counts as 0, as the CloudWatch user guide
            specifies for
        arithmetic and comparisons.

    Raises:
        ExpressionError: see the class.
    """
    if all(value is None for value in values.values()):
        return None
    return _value(ast.parse(expression, mode="eval").body, values)


def _value(node: ast.expr, values: Mapping[str, Value]) -> Value:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            return _binary(_ARITHMETIC[type(op)], left, right, values)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISON:
            return _binary(_COMPARISON[type(op)], left, right, values)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return _call(name, [_value(each, values) for each in arguments])
    raise ExpressionError(f"not supported by the local stage: {ast.unparse(node)}")


def _binary(
    combine: Callable[[float, float], float], left: ast.expr, right: ast.expr, values: Mapping[str, Value]
) -> Value:
    pair = _value(left, values), _value(right, values)
    if pair == (None, None) or (None in pair and (_is_number(left) or _is_number(right))):
        return None
    try:
        return float(combine(pair[0] or 0.0, pair[1] or 0.0))
    except ZeroDivisionError:
        return None


def _is_number(node: ast.expr) -> bool:
    """Return whether the expression has no metric, so that no data point can be missing."""
    return not any(isinstance(each, ast.Name) and not each.id.isupper() for each in ast.walk(node))


def _call(name: str, arguments: list[Value]) -> Value:
    match name, arguments:
        case "FILL", [value, instead]:
            return instead if value is None else value
        case "IF", [condition, then, otherwise]:
            return None if condition is None else (then if condition else otherwise)
    raise ExpressionError(f"not supported by the local stage: {name} of {len(arguments)}")
