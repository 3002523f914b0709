"""What makes a policy nonsense."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from vokrug.promotions.engine import OfferVersion, Policy
from vokrug.promotions.engine.policy import Group
from vokrug.promotions.engine.rule import place_of
from vokrug.promotions.engine.tree import Tree
from vokrug.promotions.policies.errors import PolicyNonsense

DEEPEST = 2  # groups in groups of a layer


def read_policy(body: dict[str, Any]) -> Policy:
    """A policy from JSON, refused with the path of what does not fit its schema."""
    try:
        return msgspec.convert(body, Policy)
    except msgspec.ValidationError as error:
        why, _, path = str(error).partition(" - at `$")
        raise PolicyNonsense(field="policy" + path.rstrip("`"), why=why, why_ru=why) from None


def require_sense(policy: Policy, running: Sequence[OfferVersion]) -> None:
    """Refuse a policy that contradicts itself, or that leaves a running offer without a place."""
    layers = [group.key for group in policy.layers]
    if len(set(layers)) != len(layers):
        raise PolicyNonsense(field="policy.layers", why="a key twice", why_ru="ключ повторяется")
    known = {group.key for layer in policy.layers for group in every_group(layer)}
    for at, layer in enumerate(policy.layers):
        where = f"policy.layers[{at}]"
        mine = [group.key for group in every_group(layer)]
        if len(set(mine)) != len(mine):
            raise PolicyNonsense(field=where, why="a group twice", why_ru="группа повторяется")
        if depth(layer) > DEEPEST:
            raise PolicyNonsense(field=where, why="groups nest too deep", why_ru="слишком глубокая вложенность групп")
        for group in every_group(layer):
            for other in (*group.exclusive_with, *group.joint_with):
                if other not in known:
                    raise PolicyNonsense(field=where, why=f"no group “{other}”", why_ru=f"нет группы «{other}»")
    tree = Tree(policy)
    for offer in running:
        layer_key, group_key = place_of(offer.body)
        if layer_key != "points" and tree.path(layer_key, group_key) is None:
            place = f"{layer_key}/{group_key}".rstrip("/")
            raise PolicyNonsense(
                field="policy.layers",
                why=f"the running offer {offer.key} is in “{place}”",
                why_ru=f"действующая акция {offer.key} стоит в «{place}»",
            )


def every_group(group: Group) -> Iterator[Group]:
    yield group
    for child in group.groups:
        yield from every_group(child)


def depth(group: Group) -> int:
    return max((1 + depth(child) for child in group.groups), default=0)
