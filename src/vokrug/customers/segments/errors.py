"""What is declined here."""

from vokrug.kernel import Refusal, Text


class SegmentUnknown(Refusal):
    """There is no such segment."""

    code, status = "segment_unknown", 404
    cashier = Text(en="There is no segment {key}.", ru="Сегмента {key} нет.")


class SegmentMalformed(Refusal):
    """A segment's key is a short word in small Latin letters; its rule is small and asks of what can be asked."""

    code, status = "segment_malformed", 422
    cashier = Text(en="Check the segment: {problem}.", ru="Проверьте сегмент: {problem}.")


class SegmentIsARule(Refusal):
    """Who is in it follows from its rule: nobody is put on it by hand."""

    code, status = "segment_is_a_rule", 409
    cashier = Text(
        en="This segment is made by a rule.", ru="Этот сегмент собирается по правилу, список к нему не нужен."
    )


class SegmentIsAList(Refusal):
    """A list stays a list, and a rule a rule."""

    code, status = "segment_is_a_list", 409
    cashier = Text(en="This segment is a list.", ru="Этот сегмент задан списком.")
