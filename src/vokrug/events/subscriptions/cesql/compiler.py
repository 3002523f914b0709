"""From a tree to functions: an expression is compiled once and asked of every event."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from vokrug.events.subscriptions.cesql import functions, like
from vokrug.events.subscriptions.cesql import parser as tree
from vokrug.events.subscriptions.cesql.values import (
    ZERO,
    ErrorKind,
    Failed,
    Kind,
    Value,
    cast,
    in_range,
    kind_of,
    to_bool,
    to_int,
    to_str,
)

# Reads one attribute of whatever events are here; None where the event has no such attribute.
Reader = Callable[[Any], Value | None]
Step = Callable[[Any], Value]


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression, ready to be asked."""

    text: str
    attributes: frozenset[str]
    known_error: ErrorKind | None  # that no event will mend: a function that does not exist
    _step: Step = field(repr=False)
    _kind: Kind | None = field(repr=False)  # of its value after an error; None: what the error says

    def evaluate(self, event: Any) -> tuple[Value, ErrorKind | None]:
        """The value, and the error met on the way to it."""
        try:
            return self._step(event), None
        except Failed as failed:
            return (failed.value if self._kind is None else ZERO[self._kind]), failed.kind

    def passes(self, event: Any) -> bool:
        """As a filter: only what is true without an error passes."""
        try:
            return self._step(event) is True
        except Failed:
            return False


def compile(text: str, reader_of: Callable[[str], Reader]) -> Expression:
    """An expression over events whose attributes `reader_of` can read. Raises ParseError."""
    compiler = _Compiler(reader_of)
    root = tree.parse(text)
    step = compiler.step(root)
    return Expression(text, frozenset(compiler.attributes), compiler.known_error, step, _kind_of_node(root))


def _kind_of_node(node: tree.Node) -> Kind | None:
    match node:
        case tree.Invocation():
            return None
        case tree.Unary("-", _):
            return int
        case tree.Binary(operator, _, _) if operator in tree.SUMS or operator in tree.PRODUCTS:
            return int
        case _:
            return bool


class _Compiler:
    def __init__(self, reader_of: Callable[[str], Reader]) -> None:
        self._reader_of = reader_of
        self.attributes: set[str] = set()
        self.known_error: ErrorKind | None = None

    def step(self, node: tree.Node) -> Step:
        match node:
            case tree.Literal(value):
                return lambda event: value
            case tree.Attribute(name):
                return _attribute(self._reader(name))
            case tree.Exists(name):
                read = self._reader(name)
                return lambda event: read(event) is not None
            case tree.Unary(operator, operand):
                return (_not if operator == "NOT" else _minus)(self.step(operand))
            case tree.Like(operand, pattern, negated):
                return _like(self.step(operand), like.matcher(pattern), negated)
            case tree.In(operand, elements, negated):
                return _in(self.step(operand), [self.step(element) for element in elements], negated)
            case tree.Invocation(name, arguments):
                return self._invocation(name, [self.step(argument) for argument in arguments])
            case tree.Binary(operator, left, right):
                return _BINARY[operator](self.step(left), self.step(right))

    def _reader(self, name: str) -> Reader:
        self.attributes.add(name)
        return self._reader_of(name)

    def _invocation(self, name: str, arguments: list[Step]) -> Step:
        function = functions.find(name, len(arguments))
        if function is None:
            self.known_error = ErrorKind.MISSING_FUNCTION
            return _no_such_function
        return _call(function, function.kinds(len(arguments)), arguments)


def _attribute(read: Reader) -> Step:
    def step(event: Any) -> Value:
        value = read(event)
        if value is None:
            raise Failed(ErrorKind.MISSING_ATTRIBUTE)
        return value

    return step


def _no_such_function(event: Any) -> Value:
    raise Failed(ErrorKind.MISSING_FUNCTION)


def _call(function: functions.Function, kinds: list[Kind], arguments: list[Step]) -> Step:
    pairs = list(zip(arguments, kinds, strict=True))

    def step(event: Any) -> Value:
        try:
            given = [cast(argument(event), kind) for argument, kind in pairs]
        except Failed as failed:
            failed.value = ZERO[function.returns]
            raise
        value: Value = function.call(*given)
        return value

    return step


def _not(operand: Step) -> Step:
    return lambda event: not to_bool(operand(event))


def _minus(operand: Step) -> Step:
    return lambda event: in_range(-to_int(operand(event)))


def _like(operand: Step, matches: Callable[[str], bool], negated: bool) -> Step:
    return lambda event: matches(to_str(operand(event))) is not negated


def _in(operand: Step, elements: list[Step], negated: bool) -> Step:
    """The left side says which type the elements become."""

    def step(event: Any) -> Value:
        value = operand(event)
        kind = kind_of(value)
        # Every element is looked at: one that is missing or cannot be cast is an error wherever it stands.
        others = [cast(element(event), kind) for element in elements]
        return (value in others) is not negated

    return step


def _and(left: Step, right: Step) -> Step:
    return lambda event: to_bool(left(event)) and to_bool(right(event))


def _or(left: Step, right: Step) -> Step:
    return lambda event: to_bool(left(event)) or to_bool(right(event))


def _xor(left: Step, right: Step) -> Step:
    return lambda event: to_bool(left(event)) is not to_bool(right(event))


def _equal(left: Step, right: Step) -> Step:
    """The right side says which equality is meant."""

    def step(event: Any) -> Value:
        one, other = left(event), right(event)
        return one == other if type(one) is type(other) else cast(one, kind_of(other)) == other

    return step


def _different(left: Step, right: Step) -> Step:
    equal = _equal(left, right)
    return lambda event: not equal(event)


def _compared(join: Callable[[int, int], bool]) -> Callable[[Step, Step], Step]:
    def build(left: Step, right: Step) -> Step:
        return lambda event: join(to_int(left(event)), to_int(right(event)))

    return build


def _calculated(join: Callable[[int, int], int]) -> Callable[[Step, Step], Step]:
    def build(left: Step, right: Step) -> Step:
        return lambda event: in_range(join(to_int(left(event)), to_int(right(event))))

    return build


def _divided(number: int, by: int) -> int:
    """Rounded towards zero, where Python rounds down."""
    if by == 0:
        raise Failed(ErrorKind.MATH, 0)
    quotient = abs(number) // abs(by)
    return quotient if (number < 0) == (by < 0) else -quotient


def _remainder(number: int, by: int) -> int:
    """With the sign of the number, where Python takes that of the divisor."""
    return number - by * _divided(number, by)


_BINARY: dict[str, Callable[[Step, Step], Step]] = {
    "AND": _and,
    "OR": _or,
    "XOR": _xor,
    "=": _equal,
    "!=": _different,
    "<>": _different,
    "<": _compared(lambda one, other: one < other),
    "<=": _compared(lambda one, other: one <= other),
    ">": _compared(lambda one, other: one > other),
    ">=": _compared(lambda one, other: one >= other),
    "+": _calculated(lambda one, other: one + other),
    "-": _calculated(lambda one, other: one - other),
    "*": _calculated(lambda one, other: one * other),
    "/": _calculated(_divided),
    "%": _calculated(_remainder),
}
