"""Laws of what files say: the same again is nothing new, and catalogue and offers may come in any order."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vokrug.pos.goods.barcodes import bearer_of
from vokrug.pos.goods.cards import Card, entry_of, over, with_statement
from vokrug.pos.goods.elements import Good, Part, Place, Price, Said
from vokrug.pos.goods.resolving import only
from vokrug.pos.types import Article

PLACE = Place("f", 1, "x")
words = st.sampled_from(["чай", "кофе", "сыр"])
maybe = st.none() | words
saying = st.builds(
    Said,
    name=maybe,
    article=maybe,
    own_code=maybe,
    barcodes=st.none() | st.lists(words, max_size=2, unique=True),
    groups=st.none() | st.lists(words, max_size=2, unique=True),
    brand=maybe,
    is_weighed=st.none() | st.booleans(),
    is_gone=st.none() | st.booleans(),
    prices=st.none() | st.lists(st.builds(Price, words, words, st.just("RUB"), st.integers(0, 9)), max_size=2),
)


def statements(part: Part) -> st.SearchStrategy[Good]:
    return st.builds(
        Good,
        st.just(PLACE),
        st.just("g#c"),
        st.just(part),
        saying,
        catalogue_id=st.just("cat"),
        is_partial=st.booleans(),
    )


def after(*told: Good) -> Card | None:
    card: Card | None = None
    for good in told:
        card = with_statement(card, good)
    return card


@given(st.lists(statements("catalogue") | statements("offer"), min_size=1, max_size=5))
def test_the_last_word_said_again_changes_nothing(told: list[Good]) -> None:
    assert after(*told, told[-1]) == after(*told)
    assert after(*told, told[-1], told[-1]) == after(*told)


@given(st.lists(statements("catalogue"), max_size=3), st.lists(statements("offer"), max_size=3), st.data())
def test_catalogue_and_offers_may_be_interleaved_in_any_way(
    catalogue: list[Good], offers: list[Good], data: st.DataObject
) -> None:
    """Each part keeps its own order; how the two lie between each other makes no difference."""
    places = data.draw(st.permutations([True] * len(catalogue) + [False] * len(offers)))
    left, right = iter(catalogue), iter(offers)
    mixed = [next(left) if is_catalogue else next(right) for is_catalogue in places]
    card, apart = after(*mixed), after(*catalogue, *offers)
    assert card == apart
    if card is not None and apart is not None:
        assert entry_of(card, None) == entry_of(apart, None)


@given(saying, saying)
def test_what_is_said_stands_over_what_is_below(said: Said, below: Said) -> None:
    told = over(said, below)
    for name in Said.__struct_fields__:
        if name == "barcodes" and said.barcodes is not None and below.barcodes is not None:
            assert told.barcodes == sorted({*said.barcodes, *below.barcodes})
        else:
            value = getattr(said, name)
            assert getattr(told, name) == (getattr(below, name) if value is None else value)


@given(saying, saying)
def test_a_characteristic_is_named_once_its_goods_are(own: Said, goods: Said) -> None:
    card, parent = Card("g#c", "g", "", own, None), Card("g", None, "", goods, None)
    entry = entry_of(card, parent)
    assert (entry is None) == (own.name is None and goods.name is None)
    if entry is not None:
        assert entry.sku == "g#c"
        assert entry.is_withdrawn == bool(own.is_gone or goods.is_gone)


def article(id: int) -> Article:
    return Article(id, f"a{id}", "", (), None, False, 0, False, False, False)


@pytest.mark.parametrize(
    ("bearers", "found"),
    [
        ([], None),
        ([(False, 1)], 1),
        ([(False, 1), (False, 1)], 1),
        ([(False, 1), (False, 2)], None),
        ([(True, 2), (False, 1)], 2),
        ([(True, 2), (False, 1), (False, 3)], 2),
        ([(True, 1), (True, 2)], None),
    ],
)
def test_who_bears_a_barcode_does_not_depend_on_the_order(bearers: list[tuple[bool, int]], found: int | None) -> None:
    for order in itertools.permutations(bearers):
        one: Any = only([(is_own, article(id)) for is_own, id in order])
        assert (None if one is None else one.id) == found


@pytest.mark.parametrize(
    ("skus", "found"),
    [
        ([], None),
        (["g"], "g"),
        (["g", "g#1"], "g#1"),
        (["g", "g#1", "g#2"], "g"),
        (["g#1", "g#2"], None),
        (["g", "h"], None),
        (["g", "g#1", "h"], None),
    ],
)
def test_goods_and_their_characteristics_may_share_a_barcode(skus: list[str], found: str | None) -> None:
    for order in itertools.permutations(skus):
        assert bearer_of(order) == found
