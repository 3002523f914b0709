"""CloudEvents SQL 1.0: expressions over the attributes of an event.

    wanted = compile("type LIKE 'pos.%' AND int(sequence) > 100", reader_of)
    wanted.passes(event)      # a filter: true, and without any error
    wanted.evaluate(event)    # (value, error): what the whole language promises

Of the two ways that the specification allows, evaluation ends at the first error; the value is then the
zero of the expression's type.
"""

from vokrug.events.subscriptions.cesql.compiler import Expression, Reader, compile
from vokrug.events.subscriptions.cesql.values import ErrorKind, ParseError, Value

__all__ = ["ErrorKind", "Expression", "ParseError", "Reader", "Value", "compile"]
