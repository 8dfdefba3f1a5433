"""The catalog: the components of each slot by name, and the plugins that offer them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import NamedTuple

from harness.components import BASES, SLOTS, Component, Metric
from harness.components.cost_metric import COST_METRICS
from harness.contracts import CORE_METRICS
from harness.errors import HarnessError
from harness.registry.discovery import CORE, Offer, PluginFault, Plugins, offers
from harness.registry.option_types import describe, option_types, shown, slot_noun, suggestion
from harness.registry.serialization import resolved


class Option(NamedTuple):
    """One option in words; `default` is None for a required one."""

    name: str
    allows: str
    default: str | None


class CatalogRow(NamedTuple):
    """One component as `harness plugins` lists it."""

    slot: str
    name: str
    plugin: str
    summary: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Catalog:
    """Slot -> name -> its offers, with the faults of plugins that could not be used."""

    offers: Mapping[str, Mapping[str, tuple[Offer, ...]]]
    complaints: tuple[PluginFault, ...] = ()

    @classmethod
    def of(cls, plugins: Plugins) -> Catalog:
        """All that these plugins offer; a name offered twice is a fault only where it is used."""
        slots: dict[str, dict[str, tuple[Offer, ...]]] = {base.slot: {} for base in BASES}
        slots[Metric.slot] = {cost.name: (Offer(cost, CORE),) for cost in COST_METRICS}
        complaints = list(plugins.complaints)
        for base in BASES:
            names = slots[base.slot]
            for offer in offers(plugins, base=base):
                if isinstance(offer, PluginFault):
                    complaints.append(offer)
                else:
                    name = offer.component.name
                    names[name] = (*names.get(name, ()), offer)
        return cls(slots, tuple(complaints))

    def find(self, name: str, *, slot: str) -> type[Component]:
        """The component of this name; raises `HarnessError` if there is none, or more than one."""
        if slot == Metric.slot and name in CORE_METRICS:
            raise HarnessError(f"{name} is always reported; remove it from metrics")
        names = self.offers[slot]
        if name not in names:
            rest = suggestion(name, among=names, otherwise="there are")
            broken = "".join(f"; {fault}" for fault in self._suspects(slot))
            raise HarnessError(f"no {slot_noun(SLOTS[slot])} named {shown(name)}; {rest}{broken}")
        first, *others = names[name]
        if others:
            owners = " and ".join(repr(offer.plugin) for offer in names[name])
            raise HarnessError(f"{slot_noun(SLOTS[slot])} {name!r} is offered by both {owners}")
        return first.component

    def _suspects(self, slot: str) -> Iterator[PluginFault]:
        """The faults of plugins that may have components for a slot."""
        hook = SLOTS[slot].hook
        return (fault for fault in self.complaints if fault.hook in (None, hook))

    def rows(self) -> Iterator[CatalogRow]:
        """Every component in words, by slot and name."""
        for slot, names in self.offers.items():
            for name in sorted(names):
                for component, plugin in names[name]:
                    summary = (component.__doc__ or "").strip().partition("\n")[0]
                    yield CatalogRow(slot, name, plugin, summary, tuple(_options(component)))


def _options(component: type[Component]) -> Iterator[Option]:
    types = option_types(component)
    for field in fields(component):
        if field.name not in types:
            continue
        default = None
        if field.default is not MISSING:
            default = shown(resolved(field.default))
        elif field.default_factory is not MISSING:
            default = shown(resolved(field.default_factory()))
        yield Option(field.name, describe(types[field.name]), default)
