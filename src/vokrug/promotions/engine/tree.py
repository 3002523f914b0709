"""A policy made ready: where an offer belongs, which groups shut one another out, and whether it is the plain one."""

from msgspec.structs import replace

from vokrug.promotions.engine.policy import DEFAULT, Floors, Group, Policy


class Tree:
    """What the search asks of a policy."""

    __slots__ = ("is_plain", "layers", "paths", "policy", "shut")

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.layers = tuple(with_parents_bounds(layer, None) for layer in policy.layers)
        self.paths: dict[tuple[str, str], frozenset[str]] = {}  # layer and group to the groups above, and itself
        self.shut: dict[str, frozenset[str]] = {}  # a group to those that it does not stand beside
        everyone: dict[str, Group] = {}
        for layer in self.layers:
            self._walk(layer, layer.key, frozenset(), everyone)
        for key, group in everyone.items():
            apart = set(group.exclusive_with)
            if group.joint_with:
                kin = {other for path in self.paths.values() if key in path for other in path}
                apart |= everyone.keys() - set(group.joint_with) - kin
            for other in apart:
                self.shut[key] = self.shut.get(key, frozenset()) | {other}
                self.shut[other] = self.shut.get(other, frozenset()) | {key}
        # The policy that needs no search as long as no threshold is spoilt, and has a way of its own.
        self.is_plain = policy.layers == DEFAULT.layers and policy.floors == Floors()

    def _walk(self, group: Group, layer: str, above: frozenset[str], everyone: dict[str, Group]) -> None:
        path = above | {group.key}
        everyone.setdefault(group.key, group)
        if not above:
            self.paths[layer, ""] = path
        self.paths[layer, group.key] = path
        for child in group.groups:
            self._walk(child, layer, path, everyone)

    def path(self, layer: str, group: str) -> frozenset[str] | None:
        """None when the policy has no such place: the offer then runs nowhere."""
        return self.paths.get((layer, group))


def with_parents_bounds(group: Group, most: int | None) -> Group:
    """How many offers a unit may carry holds in the groups below too."""
    if group.max_per_unit is not None:
        most = group.max_per_unit if most is None else min(most, group.max_per_unit)
    children = tuple(with_parents_bounds(child, most) for child in group.groups)
    return replace(group, max_per_unit=most, groups=children)
