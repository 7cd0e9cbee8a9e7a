"""Attributes that MJML does not know, which it drops and says nothing of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml
from yamlcore import CCoreLoader

from segcli.messages.html_tags import find_tags
from segcli.messages.masking import Masked
from segcli.problems import Problems, nearest

_TABLE = Path(__file__).parent / "mjml_attributes.yaml"
_EVERYWHERE = ("css-class", "mj-class")
_EVERYWHERE_WITH = ("data-", "xmlns")


def check_attributes(masked: Masked, problems: Problems) -> None:
    """Warns of every attribute that its element does not have; mj-attributes may say anything."""
    usual = False
    for tag in find_tags(masked.text):
        usual = tag.kind == "open" if tag.name == "mj-attributes" else usual
        known = None if usual else attributes_of_mjml().get(tag.name)
        if known is None or tag.kind not in ("open", "alone"):
            continue
        for name, _, start, _ in tag.attribute_spans():
            if name in known or name in _EVERYWHERE or name.startswith(_EVERYWHERE_WITH) or name in masked.words:
                continue
            place = masked.place(masked.text.lower().rfind(name, tag.start, start))
            hint = nearest(name, (*known, "css-class"), count=1) or f"It has {', '.join(known)}."
            problems.warn(f"<{tag.name}> has no '{name}', so MJML drops it.", place, hint=hint)


@cache
def attributes_of_mjml() -> Mapping[str, tuple[str, ...]]:
    """mjml_attributes.yaml: what each element has."""
    found: dict[str, list[str]] = yaml.load(_TABLE.read_text("utf-8"), Loader=CCoreLoader)
    return {name: tuple(attributes) for name, attributes in found.items()}
