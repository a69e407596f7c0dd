"""Foreign keys go down the layers like imports, also where they are written as text and no import shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps

from tests.architecture.source import PACKAGE, layers

if TYPE_CHECKING:
    from django.db.models import Model


def _height(model: type[Model]) -> int:
    """0 for the top layer, growing downwards; models from outside the package lie below everything."""
    name = model.__module__.split(".")
    if name[0] != "clearinghouse":
        return len(layers())
    return next(height for height, names in enumerate(layers()) if name[1] in names)


def test_every_relation_goes_to_its_own_room_or_further_down() -> None:
    upward, unresolved = [], []
    ours = [model for model in apps.get_models(include_auto_created=True) if _height(model) < len(layers())]
    for model in ours:
        for field in model._meta.get_fields():
            if not field.is_relation or (field.auto_created and not field.concrete):
                continue  # no relation at all, or the far end of one that is looked at where it is declared
            target = field.related_model
            place = f"{model._meta.label}.{field.name}"
            if target is None or isinstance(target, str):
                unresolved.append(place)
            elif target.__module__ != model.__module__ and _height(target) <= _height(model):
                upward.append(f"{place} -> {target._meta.label}")
    assert unresolved == [], "a relation whose target is not known cannot be checked"
    assert upward == []


def test_every_room_with_tables_is_installed() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/models.py")}
    installed = {config.name.removeprefix("clearinghouse.") for config in apps.get_app_configs()}
    assert rooms <= installed
