"""Bodies around goods that are half in step."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from vokrug.kernel import format_minor
from vokrug.pos.goods import types
from vokrug.pos.goods.reports import Report
from vokrug.pos.schemas import Body, Code, Moment, Reply, Sku, Words
from vokrug.runtime.database import Row

Kind = Literal["code", "barcode"]

REASONS = {
    "barcode": ("The barcode is the same.", "Совпадает штрихкод."),
    "article": ("The article number is the same.", "Совпадает артикул."),
    "name": ("The names are alike.", "Названия похожи."),
}


class AliasGiven(Body, frozen=True, kw_only=True):
    """What the shop sends, and the centre's sku for it."""

    code: Sku
    sku: Sku
    kind: Kind = "code"
    name: Words = ""


class AliasesGiven(Body, frozen=True, kw_only=True):
    shop: Code
    aliases: Annotated[list[AliasGiven], msgspec.Meta(min_length=1, max_length=10_000)]


class AliasesTaken(Reply, frozen=True, kw_only=True):
    """How many are new or mean something else now."""

    changed: int


class AliasNamed(Body, frozen=True, kw_only=True):
    shop: Code
    code: Sku
    kind: Kind = "code"


class AliasCard(Reply, frozen=True, kw_only=True):
    shop: str
    kind: str
    code: str
    sku: str
    article: str
    name: str
    source: str
    made_by: str
    made_at: Moment


class Aliases(Reply, frozen=True, kw_only=True):
    aliases: list[AliasCard]


class UnknownCard(Reply, frozen=True, kw_only=True):
    """`times`: checks it was on. 0 was only told of by a file. `proposals` wait for a decision."""

    shop: str
    sku: str
    barcode: str
    name: str
    price: str | None
    times: int
    first_seen: Moment
    last_seen: Moment
    proposals: int
    is_many: bool

    @classmethod
    def of(cls, one: types.Unknown) -> "UnknownCard":
        return cls(
            shop=one.shop,
            sku=one.sku,
            barcode=one.barcode,
            name=one.name,
            price=None if one.price_minor is None else format_minor(one.price_minor),
            times=one.times,
            first_seen=one.first_seen,
            last_seen=one.last_seen,
            proposals=one.proposals,
            is_many=one.is_many,
        )


class UnknownGoods(Reply, frozen=True, kw_only=True):
    """Page on with `after_shop` and `after_sku` of the last one."""

    total: int
    unknown: list[UnknownCard]


class ReasonTold(Reply, frozen=True, kw_only=True):
    """`words` that agree, then ≠ and those that do not."""

    code: str
    en: str
    ru: str
    words: str


class GoodsProposal(Reply, frozen=True, kw_only=True):
    """The shop's code and name beside the centre's. `score` is of 1."""

    id: UUID
    shop: str
    kind: str
    code: str
    name: str
    sku: str
    article: str
    score: float
    reason: ReasonTold
    state: str
    proposed_at: Moment
    decided_by: str | None
    decided_at: Moment | None

    @classmethod
    def of(cls, one: types.Proposal) -> "GoodsProposal":
        en, ru = REASONS[one.reason]
        return cls(
            id=UUID(int=one.id.int),
            shop=one.shop,
            kind=one.kind,
            code=one.code,
            name=one.name,
            sku=one.sku,
            article=one.article,
            score=one.score_bp / 10_000,
            reason=ReasonTold(code=one.reason, en=en, ru=ru, words=one.words),
            state=one.state,
            proposed_at=one.proposed_at,
            decided_by=one.decided_by,
            decided_at=one.decided_at,
        )


class GoodsProposals(Reply, frozen=True, kw_only=True):
    proposals: list[GoodsProposal]


class Proposed(Reply, frozen=True, kw_only=True):
    """How many unknown goods were looked for, and how many proposals are new."""

    looked_for: int
    proposed: int


class ArticleCard(Reply, frozen=True, kw_only=True):
    sku: str
    name: str
    article: str | None
    barcodes: list[str]
    category: str | None
    brand: str | None
    unit: str | None
    vat: str | None
    is_weighed: bool
    is_withdrawn: bool

    @classmethod
    def of(cls, one: types.Listed) -> "ArticleCard":
        return cls(
            sku=one.sku,
            name=one.name,
            article=one.article,
            barcodes=list(one.barcodes),
            category=one.category,
            brand=one.brand,
            unit=one.unit,
            vat=one.vat,
            is_weighed=one.is_weighed,
            is_withdrawn=one.is_withdrawn,
        )


class Articles(Reply, frozen=True, kw_only=True):
    articles: list[ArticleCard]


class ImportCard(Reply, frozen=True, kw_only=True):
    """An import that runs or was cut off has no report yet; `done` counts the elements it has taken."""

    id: UUID
    shop: str | None
    file: str
    state: str
    done: int
    started_at: Moment
    ended_at: Moment | None
    made_by: str
    report: Report | None

    @classmethod
    def of(cls, row: Row) -> "ImportCard":
        return cls(
            id=UUID(int=row["id"].int),
            shop=row["shop"] or None,
            file=row["name"],
            state=row["state"],
            done=row["done"],
            started_at=row["started_at"],
            ended_at=row["ended_at"],
            made_by=row["made_by"],
            report=None if row["report"] is None else msgspec.json.decode(row["report"], type=Report),
        )


class Imports(Reply, frozen=True, kw_only=True):
    imports: list[ImportCard]
