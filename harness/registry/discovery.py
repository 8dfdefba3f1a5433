"""Discovery of plugins, by entry points and by the files that a study names; calls of hooks."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pluggy

from harness import hookspecs
from harness.components import Component
from harness.errors import PluginError
from harness.files import open_file
from harness.registry.option_types import option_types, suggestion

_HOOKS = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("harness_")}
_LARGEST = 1_000_000  # bytes of a plugin file
_WRAPPABLE = "harness_run"
CORE = "harness"  # the name of the core's own implementation of a hook, which is called last


class PluginFault(NamedTuple):
    """A fault of a plugin; a study that does not need the plugin is unaffected."""

    plugin: str
    hook: str | None
    fault: str

    def __str__(self) -> str:
        hook = f", hook {self.hook}" if self.hook else ""
        return f"plugin {self.plugin}{hook}: {self.fault}"


@dataclass(frozen=True)
class Plugins:
    """The plugins that could be registered, and the faults of those that could not."""

    registry: pluggy.PluginManager
    complaints: tuple[PluginFault, ...] = ()


def discover(files: Sequence[Path] = ()) -> Plugins:
    """Register every installed plugin that works, then the plugins in `files`.

    A broken entry point is recorded in `complaints`; a broken file raises `PluginError`.
    """
    registry = pluggy.PluginManager("harness")
    registry.add_hookspecs(hookspecs)
    # A distribution may be seen twice on the path, so a plugin goes by its module.
    points = {point.value: point for point in entry_points(group="harness")}
    # Sorted, as hooks are called in the order of registration, and that of entry points varies.
    faults = (_register(registry, load=points[name].load, name=name) for name in sorted(points))
    plugins = Plugins(registry, tuple(fault for fault in faults if fault))
    for file in files:
        register_file(plugins, path=file)
    return plugins


def register_file(plugins: Plugins, *, path: Path) -> None:
    """Add the plugin in a Python file; raises `PluginError` naming the file and the fault."""
    try:
        with open_file(path) as file:
            source = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PluginError(f"plugin {path}: cannot be read: {reason}") from None
    if len(source) > _LARGEST:
        raise PluginError(f"plugin {path}: exceeds the limit of {_LARGEST} bytes")
    modules = {getattr(plugin, "__name__", None) for plugin in plugins.registry.get_plugins()}
    if _module(path) in modules:
        raise PluginError(f"plugin {path}: another plugin file is called {path.name} too")
    load = partial(_run, source, path=path)
    fault = _register(plugins.registry, load=load, name=str(path))
    if fault:
        raise PluginError(str(fault))


def _module(path: Path) -> str:
    """The module name of a plugin file; independent of its folder, so that digests are too."""
    return f"harness_plugin_{path.stem}"


def _run(source: bytes, *, path: Path) -> ModuleType:
    """Execute a plugin file and return its module."""
    module = ModuleType(_module(path))
    module.__file__ = str(path.absolute())
    code = compile(source, module.__file__, "exec")
    sys.modules[module.__name__] = module  # dataclasses look their module up while it runs
    try:
        exec(code, vars(module))  # noqa: S102 - what an import does, but never from a stale cache
    except BaseException:  # half a module must not be found by a later import
        sys.modules.pop(module.__name__, None)
        raise
    return module


def _register(
    registry: pluggy.PluginManager, *, load: Callable[[], object], name: str
) -> PluginFault | None:
    """Load a plugin and register its hooks; or leave the registry as it was, and return why."""
    try:
        plugin = load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin's code may raise anything
        return PluginFault(name, None, _one_line(error, file=str(Path(name).absolute())))
    fault = _implementation_fault(registry, plugin=plugin, name=name)
    if fault:
        return fault
    try:
        registry.register(plugin, name)
        registry.check_pending()
    except (pluggy.PluginValidationError, ValueError) as error:
        if registry.get_plugin(name) is plugin:  # pluggy may refuse it and keep it
            registry.unregister(plugin)
        return PluginFault(name, None, " ".join(str(error).split()))
    return None


def _implementation_fault(
    registry: pluggy.PluginManager, *, plugin: object, name: str
) -> PluginFault | None:
    """A fault that pluggy would report without a way out, or not at all."""
    parsed = {name: registry.parse_hookimpl_opts(plugin, name) for name in dir(plugin)}
    marked = {name: options for name, options in parsed.items() if options}
    if not marked:
        return PluginFault(name, None, "has no function marked with @hookimpl")
    for function, options in marked.items():
        hook = options["specname"] or function
        fault = _hook_fault(hook, implementation=getattr(plugin, function), options=options)
        if fault:
            return PluginFault(name, hook, fault)
    return None


def _hook_fault(
    hook: str, *, implementation: Callable[..., object], options: pluggy.HookimplOpts
) -> str | None:
    if hook not in _HOOKS:
        return f"there is no such hook; {suggestion(hook, among=_HOOKS, otherwise='there are')}"
    if hook != _WRAPPABLE and (options["wrapper"] or options["hookwrapper"]):
        return f"cannot be wrapped; only {_WRAPPABLE} can"
    available = inspect.signature(_HOOKS[hook]).parameters
    for argument in inspect.signature(implementation).parameters.values():
        if argument.name not in available and argument.default is argument.empty:
            rest = f"gives {', '.join(available)}" if available else "gives nothing"
            return f"takes {argument.name!r}, but the hook {rest}"
    return None


# --- calling ------------------------------------------------------------------------------------


class Offer(NamedTuple):
    """A component class and the plugin that offers it."""

    component: type[Component]
    plugin: str


def offers(plugins: Plugins, *, base: type[Component]) -> Iterator[Offer | PluginFault]:
    """Every offer for a slot, and the faults of those that cannot be used."""
    # One by one and not through pluggy, which stops at the first that raises.
    for implementation in _implementations(plugins, hook=base.hook):
        plugin = implementation.plugin_name
        result = _call(implementation, hook=base.hook, arguments={})
        if isinstance(result, PluginFault):
            yield result
        elif not isinstance(result, list | tuple):
            yield PluginFault(plugin, base.hook, f"returned {result!r:.40}, not a list of classes")
        else:
            for component in result:
                fault = _class_fault(component, base=base) or _option_fault(component)
                yield PluginFault(plugin, base.hook, fault) if fault else Offer(component, plugin)


def observe(plugins: Plugins, *, hook: str, arguments: Mapping[str, object]) -> list[PluginFault]:
    """Call every observer with the arguments that it takes; the faults of those that raised."""
    results = [
        _call(implementation, hook=hook, arguments=arguments)
        for implementation in _implementations(plugins, hook=hook)
    ]
    return [result for result in results if isinstance(result, PluginFault)]


def implementers(plugins: Plugins, *, hook: str) -> list[str]:
    """The plugins that implement a hook."""
    return [implementation.plugin_name for implementation in _implementations(plugins, hook=hook)]


def wrappers(plugins: Plugins) -> tuple[str, ...]:
    """The modules of the plugins that wrap or replace a run; the core's own is not among them."""
    modules = {
        implementation.function.__module__
        for implementation in _implementations(plugins, hook="harness_run")
        if implementation.plugin_name != CORE
    }
    return tuple(sorted(modules))


def _implementations(plugins: Plugins, *, hook: str) -> Iterator[pluggy.HookImpl]:
    """The implementations of a hook in pluggy's order of calling: the last registered first."""
    caller: pluggy.HookCaller = getattr(plugins.registry.hook, hook)
    return reversed(caller.get_hookimpls())


def _call(implementation: pluggy.HookImpl, *, hook: str, arguments: Mapping[str, object]) -> object:
    """The result of one implementation, or a fault if it raises."""
    values = [arguments[name] for name in implementation.argnames]
    try:
        return implementation.function(*values)
    except Exception as error:  # noqa: BLE001 - a plugin's code may raise anything
        file = inspect.unwrap(implementation.function).__code__.co_filename
        return PluginFault(
            implementation.plugin_name, hook, f"raised {_one_line(error, file=file)}"
        )


def _class_fault(component: object, *, base: type[Component]) -> str | None:
    """The reason why this cannot be a component of the slot; None if it can."""
    if not isinstance(component, type):
        return f"offers {component!r}, which is no class"
    own = component.__name__
    if not issubclass(component, base):
        return f"offers {own}, which is no subclass of harness.components.{base.__name__}"
    if inspect.isabstract(component):
        missing = ", ".join(sorted(component.__abstractmethods__))
        return f"offers {own}, which does not define {missing}"
    # Its own, since every component inherits those of its base.
    if "__dataclass_params__" not in vars(component):
        return f"offers {own}, which is not marked @dataclass(frozen=True, kw_only=True)"
    return None


def _option_fault(component: type[Component]) -> str | None:
    """The reason why a component's options cannot be written in a study; None if they can."""
    own = component.__name__
    try:
        options = option_types(component)
    except (NameError, TypeError) as error:
        return f"offers {own}, whose options cannot be read: {error}"
    name = getattr(component, "name", None)
    if "name" in options or not isinstance(name, str) or not name.isidentifier():
        return f"offers {own}, which needs a name: name: ClassVar[str] = 'like_this'"
    if component.bare is not None and component.bare not in options:
        return f"offers {own}, whose `bare` is no option of it: {component.bare!r}"
    return None


def _one_line(error: BaseException, *, file: str) -> str:
    """An exception on one line, with the line of a plugin's file that raised it."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == file]
    return f"{text} (line {lines[-1]})" if lines else text
