"""From text to a tree. Words are read in any case; equal operators go from left to right."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from vokrug.events.subscriptions.cesql.values import LEAST, MOST, ParseError, Value

MAX_LENGTH = 4_096
# A filter is no reason to run out of stack.
MAX_DEPTH = 64  # of parentheses and prefixes
MAX_OPERATORS = 200

WHITE_SPACE = " \t\r\n"

KEYWORDS = frozenset({"AND", "OR", "XOR", "NOT", "LIKE", "EXISTS", "IN", "TRUE", "FALSE"})
LOGIC = frozenset({"AND", "OR", "XOR"})
COMPARISONS = frozenset({"=", "!=", "<>", "<", "<=", ">", ">="})
SUMS, PRODUCTS = frozenset({"+", "-"}), frozenset({"*", "/", "%"})

# From the loosest binding to the tightest.
LEVELS = (LOGIC, COMPARISONS, SUMS, PRODUCTS)

_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:
        (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<word>[A-Za-z0-9_]+)
      | (?P<sign><>|<=|>=|!=|[-+*/%=<>(),])
      | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Literal:
    value: Value


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str


@dataclass(frozen=True, slots=True)
class Exists:
    name: str


@dataclass(frozen=True, slots=True)
class Unary:
    operator: str  # "NOT" or "-"
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Like:
    operand: "Node"
    pattern: str
    negated: bool


@dataclass(frozen=True, slots=True)
class In:
    operand: "Node"
    elements: Sequence["Node"]
    negated: bool


@dataclass(frozen=True, slots=True)
class Invocation:
    name: str
    arguments: Sequence["Node"]


Node: TypeAlias = Literal | Attribute | Exists | Unary | Binary | Like | In | Invocation


class Token(NamedTuple):
    kind: str  # "string", "integer", "name", "keyword", "sign", "end"
    text: str
    at: int


def parse(text: str) -> Node:
    """The tree of an expression. Raises ParseError."""
    if len(text) > MAX_LENGTH:
        raise ParseError(f"an expression has at most {MAX_LENGTH} characters", MAX_LENGTH)
    parser = _Parser(_tokens(text))
    tree = parser.level(0)
    parser.expect("end", "")
    return tree


def _tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while not tokens or tokens[-1].kind != "end":
        if (matched := _TOKEN.match(text, at)) is None:
            at += len(text[at:]) - len(text[at:].lstrip(WHITE_SPACE))
            raise ParseError("this does not begin a word, a number, a text or an operator", at)
        kind = matched.lastgroup
        assert kind is not None, "one of the alternatives has matched"
        begin, at = matched.span(kind)
        word = matched[kind]
        if kind == "word":
            kind = _kind_of_word(word)
            word = word.upper() if kind == "keyword" else word
        tokens.append(Token(kind, word, begin))
    return tokens


def _kind_of_word(word: str) -> str:
    if word.isdigit():
        return "integer"
    return "keyword" if word.upper() in KEYWORDS else "name"


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0
        self._operators = 0

    @property
    def token(self) -> Token:
        return self._tokens[self._next]

    def accept(self, kind: str, text: str | None = None) -> Token | None:
        token = self.token
        if token.kind != kind or (text is not None and token.text != text):
            return None
        self._next += kind != "end"
        return token

    def expect(self, kind: str, text: str | None = None) -> Token:
        if (token := self.accept(kind, text)) is None:
            raise ParseError(f"expected {text or kind}, found {self.token.text or 'the end'}", self.token.at)
        return token

    def level(self, level: int) -> Node:
        """Binary operators of this level and of those that bind tighter."""
        if level == len(LEVELS):
            return self.predicate()
        left = self.level(level + 1)
        while self.token.kind in ("sign", "keyword") and self.token.text in LEVELS[level]:
            operator = self.token.text
            self._count_operator()
            self._next += 1
            left = Binary(operator, left, self.level(level + 1))
        return left

    def _count_operator(self) -> None:
        self._operators += 1
        if self._operators > MAX_OPERATORS:
            raise ParseError(f"more than {MAX_OPERATORS} operators", self.token.at)

    def predicate(self) -> Node:
        """LIKE and IN bind tighter than any other binary operator."""
        operand = self.prefixed()
        while self.token.kind == "keyword" and self.token.text in ("NOT", "LIKE", "IN"):
            self._count_operator()
            negated = self.accept("keyword", "NOT") is not None
            if self.accept("keyword", "LIKE"):
                operand = Like(operand, _unquoted(self.expect("string")), negated)
            else:
                self.expect("keyword", "IN")
                self.expect("sign", "(")
                operand = In(operand, self._listed(), negated)
        return operand

    def prefixed(self) -> Node:
        """NOT and minus bind tightest of all."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ParseError(f"nested deeper than {MAX_DEPTH}", self.token.at)
        try:
            return self._prefixed()
        finally:
            self._depth -= 1

    def _prefixed(self) -> Node:
        if self.accept("keyword", "NOT"):
            return Unary("NOT", self.prefixed())
        if self.accept("sign", "-"):
            # The smallest number has no positive twin, so its sign belongs to it.
            if number := self.accept("integer"):
                return _integer("-", number)
            return Unary("-", self.prefixed())
        if self.accept("sign", "+"):
            return _integer("", self.expect("integer"))
        return self.atom()

    def atom(self) -> Node:
        if self.accept("keyword", "EXISTS"):
            return Exists(self._attribute(self.expect("name")))
        if word := self.accept("keyword", "TRUE") or self.accept("keyword", "FALSE"):
            return Literal(word.text == "TRUE")
        if number := self.accept("integer"):
            return _integer("", number)
        if string := self.accept("string"):
            return Literal(_unquoted(string))
        if name := self.accept("name"):
            if self.accept("sign", "("):
                return Invocation(_function(name), [] if self.accept("sign", ")") else self._listed())
            return Attribute(self._attribute(name))
        self.expect("sign", "(")
        inner = self.level(0)
        self.expect("sign", ")")
        return inner

    def _listed(self) -> list[Node]:
        """Expressions between commas, up to the closing parenthesis."""
        listed = [self.level(0)]
        while self.accept("sign", ","):
            listed.append(self.level(0))
        self.expect("sign", ")")
        return listed

    def _attribute(self, name: Token) -> str:
        if "_" in name.text:
            raise ParseError("an attribute's name has letters and digits only", name.at)
        return name.text.lower()


def _function(name: Token) -> str:
    if not name.text.replace("_", "").isalpha() or name.text.startswith("_"):
        raise ParseError("a function's name has letters and underscores only", name.at)
    return name.text.upper()


def _integer(sign: str, token: Token) -> Literal:
    value = int(sign + token.text) if len(token.text.lstrip("0")) <= 10 else MOST + 1
    if not LEAST <= value <= MOST:
        raise ParseError("a number has 32 bits", token.at)
    return Literal(value)


def _unquoted(token: Token) -> str:
    """A text without its quotes. Only its own quote is escaped; other backslashes stand for themselves."""
    quote = token.text[0]
    return token.text[1:-1].replace("\\" + quote, quote)
