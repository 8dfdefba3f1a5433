"""Attribution: from an exception to the component, its plugin and the hook that offers it."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import NoReturn

from harness import hookspecs
from harness.components import BASES, SLOTS, Component
from harness.errors import ComponentError, HarnessError, PluginError
from harness.registry.discovery import Offer, PluginFault, Plugins, offers
from harness.registry.option_types import slot_noun

# Nobody's fault: which component asked for the last byte is chance.
_UNATTRIBUTABLE = {"MemoryError", "OutOfMemoryError"}


def label(component: Component | type[Component]) -> str:
    """The slot and name of a component: ``loss focal``."""
    return f"{slot_noun(SLOTS[component.slot])} {component.name}"


def refuse(fault: str, *, of: Component) -> NoReturn:
    """Raise `ComponentError`: the component broke the contract of its slot."""
    raise ComponentError(of, f"{label(of)}: {fault}")


def got_instead(value: object, *, of: type) -> str:
    """The type of a value that is not of the type that a slot builds, and what it lacks to be one.

    ``got Threads, without cancel and logs``: those of a protocol, none of any other type.
    """
    got = type(value).__name__
    if value is None or not getattr(of, "_is_protocol", False):
        return f"got {got}"
    members = {name for base in of.__mro__ for name in vars(base) if not name.startswith("_")}
    missing = sorted(name for name in members if not hasattr(value, name))
    *first, last = missing or ["what its name promises"]
    return f"got {got}, without {', '.join(first) + ' and ' if first else ''}{last}"


class attributed_to:  # noqa: N801 - used as a function, `with attributed_to(component):`
    """Turn an exception raised within into a `ComponentError` of this component, with its cause.

    A `HarnessError` passes, since its message is for the user already, with its component noted;
    so does out of memory.
    """

    # A class and no generator: entered at every site of every pass, at a third of the price.
    __slots__ = ("_component",)

    def __init__(self, component: Component) -> None:
        self._component = component

    def __enter__(self) -> None:
        """Nothing is kept."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, HarnessError):
            error.component = error.component or self._component  # the innermost one
            return
        if not isinstance(error, Exception):  # Ctrl-C, or a stop between two updates
            return
        if type(error).__name__ in _UNATTRIBUTABLE:
            return
        fault = f"{label(self._component)}: raised {_one_line(error)}"
        raise ComponentError(self._component, fault) from error


def component_fault(error: Exception, *, of: Component) -> ComponentError:
    """An exception as a component's fault, for results that go on without that component."""
    if isinstance(error, ComponentError):
        return error
    text = str(error) if isinstance(error, HarnessError) else f"raised {_one_line(error)}"
    fault = ComponentError(of, text if text.startswith(label(of)) else f"{label(of)}: {text}")
    fault.__cause__ = error
    return fault


@contextmanager
def naming_plugins(plugins: Plugins) -> Iterator[None]:
    """Turn a `ComponentError` from within into a `PluginError` with plugin, hook and fault."""
    try:
        yield
    except ComponentError as error:
        raise PluginError(fault_line(plugins, error=error)) from error


def fault_line(plugins: Plugins, *, error: ComponentError) -> str:
    """A component's fault with its plugin and the hook that offers it, in one line."""
    fault = plugin_at_fault(plugins, error=error.__cause__) if error.__cause__ else None
    component = error.component
    if (fault and fault.hook) or not isinstance(component, Component):
        return str(fault or error)
    place = fault.fault[fault.fault.rindex(" (") :] if fault else ""
    plugin = fault.plugin if fault else owner(plugins, component=component)
    return str(PluginFault(plugin, component.hook, f"{error}{place}"))


def owner(plugins: Plugins, *, component: Component) -> str:
    """The plugin that offers a component; its module, if none does."""
    for offer in offers(plugins, base=SLOTS[component.slot]):
        if isinstance(offer, Offer) and offer.component is type(component):
            return offer.plugin
    return type(component).__module__


def plugin_at_fault(plugins: Plugins, *, error: BaseException) -> PluginFault | None:
    """The plugin in whose code an exception arose, with hook, component and line; None if in none.

    The innermost frame of a plugin decides. It, or a caller in the same plugin, belongs to a
    component's class or to a hook.
    """
    files = {
        name: Path(getattr(plugin, "__file__", None) or "/")  # which is no frame's
        for name, plugin in plugins.registry.list_name_plugin()
    }
    frames = [*traceback.walk_tb(error.__traceback__)][::-1]
    of_plugins = [(name, *frame) for frame in frames if (name := _plugin(frame[0], files=files))]
    if not of_plugins:
        return None
    plugin, frame, line = of_plugins[0]
    own = [frame for name, frame, _ in of_plugins if name == plugin]
    hook, subject = _role(own, plugins=plugins, plugin=plugin)
    place = f"({Path(frame.f_code.co_filename).name}, line {line})"
    return PluginFault(plugin, hook, f"{subject}raised {_one_line(error)} {place}")


def _plugin(frame: FrameType, *, files: dict[str, Path]) -> str | None:
    """The plugin to whose file or package a frame belongs."""
    place = Path(frame.f_code.co_filename)
    for name, file in files.items():
        package = file.name == "__init__.py"
        if place == file or (package and place.is_relative_to(file.parent)):
            return name
    return None


def _role(frames: list[FrameType], *, plugins: Plugins, plugin: str) -> tuple[str | None, str]:
    """The hook that the innermost frame belongs to, and the label of its component, if any."""
    offered = [
        offer.component
        for base in BASES
        for offer in offers(plugins, base=base)
        if isinstance(offer, Offer) and offer.plugin == plugin
    ]
    for frame in frames:
        within = frame.f_code.co_qualname.partition(".")[0]
        if within.startswith("harness_") and within in vars(hookspecs):
            return within, ""
        for component in offered:
            same_file = component.__module__ == frame.f_globals.get("__name__")
            if component.__name__ == within and same_file:
                return component.hook, f"{label(component)}: "
    return None, ""


def _one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
