"""What a form of ours sent."""

from urllib.parse import parse_qsl

from vokrug.accounts import FormMalformed

MOST_FIELDS = 300


def form_of(body: bytes) -> dict[str, str]:
    """Fields of a form. One that comes twice is refused: which of them would count?"""
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise FormMalformed from None
    form = dict(pairs)
    if len(form) != len(pairs) or any("\0" in value for value in form.values()):
        raise FormMalformed
    return form
