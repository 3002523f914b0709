"""The chain that is measured: who buys, what is sold, which offers run. The same for the seed and for the tills."""

import random
from dataclasses import dataclass
from typing import Any

SHOPS = 300
ARTICLES = 2_000
DEPARTMENTS = 20
SHELVES = 100  # categories below the departments; articles lie on them in turn
LINES = 8
TILL = "T1"

NAMES = (
    ("Анна", "Мария", "Елена", "Ольга", "Наталья", "Ирина", "Татьяна", "Светлана", "Юлия", "Екатерина")
    + ("Александр", "Сергей", "Дмитрий", "Андрей", "Алексей", "Максим", "Евгений", "Иван", "Михаил", "Артём")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """A till with what it needs to be let in."""

    shop: str
    till: str
    key_id: str
    secret: str
    token: str


def shop_code(number: int) -> str:
    return f"S{number:03d}"


def sku_of(article: int) -> str:
    return f"A{article:05d}"


def price_minor_of(article: int) -> int:
    return 20_00 + article * 7919 % 280_00


def is_weighed(article: int) -> bool:
    return article % 8 == 7


def categories_of(article: int) -> tuple[int, int]:
    """Department and shelf, by the ids that the seed gives them."""
    shelf = 1 + article % SHELVES
    return 1 + shelf % DEPARTMENTS, DEPARTMENTS + shelf


def phone_of(customer: int) -> str:
    return f"+7916{customer:07d}"


def card_of(customer: int) -> str:
    return f"29{customer:011d}"


def minor(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"


def basket(dice: random.Random, lines: int = LINES) -> list[dict[str, Any]]:
    """A trolley as a till sends it."""
    found = []
    for n in range(1, lines + 1):
        article = dice.randrange(1, ARTICLES + 1)
        found.append(
            {
                "n": n,
                "sku": sku_of(article),
                "qty": f"0.{dice.randrange(120, 999)}" if is_weighed(article) else str(dice.choice((1, 1, 1, 2, 3))),
                "price": minor(price_minor_of(article)),
                "barcode": f"46{article:011d}",
            }
        )
    return found


def offers() -> list[dict[str, Any]]:
    """Fifty offers, of which two to four discount an ordinary trolley."""
    found: dict[str, dict[str, Any]] = {}
    for i in range(24):  # a shelf each: 8 lines meet about two of them
        share = {"kind": "percent", "percent_bp": 500 + 100 * (i % 16)}
        fixed = {"kind": "amount", "amount_minor": 10_00 + 100 * i, "per": "unit"}
        goods = {"categories": [DEPARTMENTS + 1 + i * 4]}
        found[f"shelf-{i}"] = {"kind": "item_discount", "goods": goods, "benefit": fixed if i % 3 == 2 else share}
    for i in range(13):  # five articles each
        articles = [1 + (i * 5 + j) * 29 % ARTICLES for j in range(5)]
        benefit = {"kind": "percent", "percent_bp": 1500}
        found[f"articles-{i}"] = {"kind": "item_discount", "goods": {"articles": articles}, "benefit": benefit}
    for i, from_minor in enumerate((1_500_00, 3_000_00, 5_000_00, 8_000_00)):
        benefit = {"kind": "percent", "percent_bp": 200 + 100 * i, "per": "total"}
        found[f"basket-{i}"] = {"kind": "basket_discount", "benefit": benefit, "min_minor": from_minor}
    for i in range(2):
        benefit = {"kind": "amount", "amount_minor": 100_00}
        who = {"members_only": True}
        found[f"basket-amount-{i}"] = {
            "kind": "basket_discount", "benefit": benefit, "min_minor": 6_000_00 + i * 1_000_00, "who": who,
        }  # fmt: skip
    rate = {"kind": "rate", "steps": [{"from_minor": 0, "rate_bp": 500}]}
    year = {"kind": "days", "days": 365}
    found["earn"] = {"kind": "earn", "reward": rate, "expires": year}
    for i in range(4):
        reward = {"kind": "per_step", "step_minor": 100_00, "points_minor": 5_00}
        goods = {"categories": [DEPARTMENTS + 3 + i * 20]}
        found[f"earn-{i}"] = {"kind": "earn", "reward": reward, "goods": goods, "expires": year}
    found["cap"] = {"kind": "burn_cap", "share_bp": 5_000}
    found["points"] = {"kind": "point_programme"}
    assert len(found) == 50, f"{len(found)} offers"
    return [{"key": key, "name": key, "owner": "bench", "body": body} for key, body in found.items()]
