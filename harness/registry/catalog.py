"""The catalog: what a study can name in each slot, and who offers it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import NamedTuple

from harness.components import BASES, SLOTS, Component, Metric
from harness.contracts import CORE_METRICS
from harness.errors import HarnessError
from harness.registry.discovery import Offer, PluginFault, Plugins, offers
from harness.registry.option_types import allowed, meant, option_types, shown, words
from harness.registry.serialization import resolved


class Option(NamedTuple):
    """One option in words; `default` is None for an option that must be given."""

    name: str
    allows: str
    default: str | None


class Row(NamedTuple):
    """One component as `harness plugins` lists it."""

    slot: str
    name: str
    plugin: str
    summary: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Catalog:
    """Slot -> name -> who offers it, with complaints about what cannot be offered."""

    offers: Mapping[str, Mapping[str, tuple[Offer, ...]]]
    complaints: tuple[PluginFault, ...] = ()

    @classmethod
    def of(cls, plugins: Plugins) -> Catalog:
        """All that these plugins offer; a name offered twice is a fault only where it is used."""
        found: dict[str, dict[str, tuple[Offer, ...]]] = {base.slot: {} for base in BASES}
        complaints = list(plugins.complaints)
        for base in BASES:
            names = found[base.slot]
            for each in offers(plugins, base=base):
                if isinstance(each, PluginFault):
                    complaints.append(each)
                else:
                    name = each.component.name
                    names[name] = (*names.get(name, ()), each)
        return cls(found, tuple(complaints))

    def find(self, name: str, *, slot: str) -> type[Component]:
        """The component of this name; raises `HarnessError` if there is none, or more than one."""
        if slot == Metric.slot and name in CORE_METRICS:
            raise HarnessError(f"{name} is scored in every run, and cannot be asked for")
        names = self.offers[slot]
        if name not in names:
            rest = meant(name, among=names, otherwise="there are")
            broken = "".join(f"; {each}" for each in self._suspects(slot))
            raise HarnessError(f"no {words(SLOTS[slot])} named {shown(name)}; {rest}{broken}")
        first, *others = names[name]
        if others:
            owners = " and ".join(repr(each.plugin) for each in names[name])
            raise HarnessError(f"{words(SLOTS[slot])} {name!r} is offered by both {owners}")
        return first.component

    def _suspects(self, slot: str) -> Iterator[PluginFault]:
        """Complaints about plugins that might have offered something for a slot."""
        hook = SLOTS[slot].hook
        return (each for each in self.complaints if each.hook in (None, hook))

    def rows(self) -> Iterator[Row]:
        """Every component in words, by slot and name."""
        for slot, names in self.offers.items():
            for name in sorted(names):
                for component, plugin in names[name]:
                    summary = (component.__doc__ or "").strip().partition("\n")[0]
                    yield Row(slot, name, plugin, summary, tuple(_options(component)))


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
        yield Option(field.name, allowed(types[field.name]), default)
