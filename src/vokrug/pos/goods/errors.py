"""What is told no for around goods."""

from vokrug.kernel import Refusal, Text


class ArticleUnknown(Refusal):
    """The central catalogue has no such article."""

    code, status = "article_unknown", 422
    cashier = Text(en="The catalogue has no article {sku}.", ru="В каталоге нет товара {sku}.")


class AliasUnknown(Refusal):
    """The shop has no such code of its own."""

    code, status = "alias_unknown", 404
    cashier = Text(en="Shop {shop} has no own code {code}.", ru="У магазина {shop} нет своего кода {code}.")


class AliasTaken(Refusal):
    """The shop's code means another article by now."""

    code, status = "alias_taken", 409
    cashier = Text(
        en="Shop {shop} calls {sku} by the code {code} already.",
        ru="Кодом {code} магазин {shop} уже называет товар {sku}.",
    )


class GoodsProposalUnknown(Refusal):
    """There is no such proposal."""

    code, status = "goods_proposal_unknown", 404
    cashier = Text(en="There is no such proposal.", ru="Такого предложения нет.")


class GoodsProposalDecided(Refusal):
    """Somebody decided otherwise before."""

    code, status = "goods_proposal_decided", 409
    cashier = Text(en="This proposal is {state} already.", ru="По этому предложению уже решено: {state}.")


class GoodsFileUnreadable(Refusal):
    """The file is not one of goods, or breaks off."""

    code, status = "goods_file_unreadable", 422
    cashier = Text(en="The file cannot be read: {why}.", ru="Файл не читается: {why_ru}.")


class GoodsImportUnknown(Refusal):
    """There is no such import."""

    code, status = "goods_import_unknown", 404
    cashier = Text(en="There is no such import.", ru="Такой загрузки нет.")


class GoodsImportReused(Refusal):
    """The import's id came before with another file."""

    code, status = "goods_import_reused", 409
    cashier = Text(en="Another file was imported under this id.", ru="Под этим номером уже загружали другой файл.")
