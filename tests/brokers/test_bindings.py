"""What a broker's message says of a fact is what CloudEvents over HTTP says of it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from vokrug.events import Envelope, Installation, cloud_event
from vokrug.events.brokers.bindings import Headers, heard, last
from vokrug.events.brokers.types import Told

TIME = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
ID = UUID("01900000-0000-7000-8000-00000000000a")
FACT = Envelope(3, 17, "shop.sold.v1", ID, -5, "somebody", TIME, TIME + timedelta(seconds=1), b'{"number": 1}')
TOLD = Told(17, "-5", str(ID), FACT.type, FACT.subject, FACT.time, FACT.recorded_at, FACT.data)
SHOP = Installation("shop")


def test_headers_say_what_structured_mode_says() -> None:
    headers, body = Headers(SHOP, "ce_").message(TOLD, epoch=b"4", after=16)
    said = {name.removeprefix("ce_"): value.decode() for name, value in headers if name.startswith("ce_")}
    event = cloud_event(FACT, SHOP)
    attributes = {**event.get_attributes(), "datacontenttype": dict(headers)["content-type"].decode()}
    said["datacontenttype"] = attributes["datacontenttype"]
    for name in ("time", "recordedtime"):
        assert datetime.fromisoformat(said.pop(name)) == attributes.pop(name)
    assert said == attributes
    assert body == FACT.data


def test_a_message_is_the_fact_again_and_names_its_place() -> None:
    headers, body = Headers(SHOP, "ce-").message(TOLD, epoch=b"4", after=15)
    back = heard(dict(headers), body, partition=3, prefix="ce-")
    assert (back.after, back.position, back.envelope) == (15, 17, FACT)
    assert last(dict(headers), prefix="ce-") == (17, str(ID))
    assert dict(headers)["vokrug-epoch"] == b"4"


def test_a_fact_with_more_in_the_log_is_read_there() -> None:
    """Sealed fields and another system's id ride in a member of the log's text that is not for everybody."""
    told = TOLD._replace(data=b'{"number": 1, "$vokrug": {"sealed": []}}')
    headers, body = Headers(SHOP, "ce_").message(told, epoch=b"4", after=16)
    back = heard(dict(headers), body, partition=3, prefix="ce_")
    assert (back.position, back.envelope) == (17, None)
    assert last(dict(headers), prefix="ce_") == (17, str(ID))
