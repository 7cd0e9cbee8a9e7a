"""What a template stands in: the layout's partials, and the products that its step shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from segcli.messages.value_checking import Fault

_PLACE = re.compile(r"products\[(\d+)\]")


@dataclass(frozen=True)
class Surroundings:
    """`partials` are put in for `{{ name() }}`; of `products` there are at most so many (None: not known)."""

    partials: Sequence[str] = ()
    products: int | None = None

    def never_there(self, path: str) -> Fault | None:
        """What is wrong with showing `products[6].name` without a default, where the step shows four."""
        found = _PLACE.match(path)
        if found is None or self.products is None or int(found.group(1)) < self.products:
            return None
        name, count = found.group(), self.products
        guard = f"put it into {{% if {name} %}}"
        if count:
            message = f"the step shows {count} product{'s' * (count > 1)}, so nobody has {name}"
            return Fault(message, path, f"The first is products[0], the last products[{count - 1}]; or {guard}.")
        message = f"the step shows no products, so nobody has {name}"
        return Fault(message, path, f"Give the step `products: {{bestsellers: 4}}`, or {guard}.")
