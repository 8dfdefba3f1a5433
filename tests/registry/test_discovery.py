from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from support import third_party

from harness import components
from harness.contracts import StudyView
from harness.errors import PluginError
from harness.hookspecs import hookimpl
from harness.registry.discovery import Offer, PluginFault, Plugins, discover, observe, offers

FOCAL = """
    from __future__ import annotations

    from dataclasses import dataclass

    from harness.components import Loss
    from harness.components.options import PositiveFloat
    from harness.hookspecs import hookimpl


    @dataclass(frozen=True, kw_only=True)
    class Focal(Loss):
        name = "focal"
        gamma: PositiveFloat = 2.0

        def build(self, setting):
            raise NotImplementedError


    @hookimpl
    def harness_losses():
        return [Focal]
"""


@pytest.fixture(autouse=True)
def _modules(tmp_path: Path) -> Iterator[None]:
    """Forget the plugins that a test imported, and nothing that others share."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").is_relative_to(tmp_path):
            del sys.modules[name]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a distribution with one module on the path, as an installer would."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(module: str, source: str, *, written: bool = True) -> None:
        if written:
            (tmp_path / f"{module}.py").write_text(dedent(source))
        folder = tmp_path / f"{module}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_text(f"[harness]\nlosses = {module}\n")

    return install


def write(path: Path, source: str) -> Path:
    path.write_text(dedent(source))
    return path


def complaints_about(plugin: str) -> list[str]:
    return [str(fault) for fault in discover().complaints if fault.plugin == plugin]


def losses(plugins: Plugins) -> dict[str, str]:
    offered = offers(plugins, base=components.Loss)
    return {offer.component.name: offer.plugin for offer in offered if isinstance(offer, Offer)}


# --- entry points -------------------------------------------------------------------------------


def test_an_installed_plugin_is_found_and_named_by_its_module(install: Callable[..., None]) -> None:
    install("focal_by_stranger", FOCAL)
    assert losses(discover())["focal"] == "focal_by_stranger"
    assert complaints_about("focal_by_stranger") == []


def test_a_plugin_that_fails_to_import_is_a_complaint_and_the_others_are_found(
    install: Callable[..., None],
) -> None:
    install("broken_by_stranger", "import no_such_module")
    install("focal_by_stranger", FOCAL)
    assert complaints_about("broken_by_stranger") == [
        "plugin broken_by_stranger: ModuleNotFoundError: No module named 'no_such_module'"
    ]
    assert losses(discover())["focal"] == "focal_by_stranger"


def test_a_plugin_that_is_not_where_its_entry_point_says_is_a_complaint(
    install: Callable[..., None],
) -> None:
    install("absent_by_stranger", "", written=False)
    (complaint,) = complaints_about("absent_by_stranger")
    assert complaint.endswith("ModuleNotFoundError: No module named 'absent_by_stranger'")


def test_a_plugin_that_exits_when_imported_ends_nothing(install: Callable[..., None]) -> None:
    install("quitter_by_stranger", "raise SystemExit('enough')")
    assert complaints_about("quitter_by_stranger") == [
        "plugin quitter_by_stranger: SystemExit: enough"
    ]


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        (
            "@hookimpl\ndef harness_loses():\n    return []",
            ", hook harness_loses: there is no such hook; did you mean 'harness_losses'?",
        ),
        (
            "@hookimpl\ndef harness_losses(setting):\n    return []",
            ", hook harness_losses: takes 'setting', but the hook gives nothing",
        ),
        (
            "@hookimpl\ndef harness_sync(study, epoch):\n    pass",
            ", hook harness_sync: takes 'epoch', but the hook gives study, ledger",
        ),
        (
            "@hookimpl(wrapper=True)\ndef harness_losses():\n    return (yield)",
            ", hook harness_losses: cannot be wrapped; only harness_run can",
        ),
        ("def harness_losses():\n    return []", ": has no function marked with @hookimpl"),
        (
            "@hookimpl(wrapper=True)\ndef harness_run():\n    return True",
            (
                ": Plugin 'hooks_by_stranger' for hook 'harness_run' hookimpl definition: "
                "harness_run() Declared as wrapper=True or hookwrapper=True but function is not a "
                "generator function"
            ),
        ),
    ],
)
def test_hooks_that_cannot_be_called_are_complaints_and_leave_no_trace(
    install: Callable[..., None], source: str, complaint: str
) -> None:
    install("hooks_by_stranger", f"from harness.hookspecs import hookimpl\n\n{source}\n")
    assert complaints_about("hooks_by_stranger") == [f"plugin hooks_by_stranger{complaint}"]
    assert not discover().registry.has_plugin("hooks_by_stranger")


def test_a_run_can_be_wrapped_and_a_hook_can_have_another_name(
    install: Callable[..., None],
) -> None:
    source = """
        from harness.hookspecs import hookimpl

        @hookimpl(wrapper=True)
        def harness_run():
            return (yield)

        @hookimpl(specname="harness_losses")
        def offer(limit=3):
            return []
    """
    install("wraps_by_stranger", source)
    assert complaints_about("wraps_by_stranger") == []


# --- files --------------------------------------------------------------------------------------


def test_a_file_is_a_plugin_of_its_own_name_and_leaves_no_cache(tmp_path: Path) -> None:
    path = write(tmp_path / "my_loss.py", FOCAL)
    plugins = discover([path])
    assert losses(plugins)["focal"] == str(path)
    assert [file.name for file in tmp_path.iterdir()] == ["my_loss.py"]


def test_the_module_of_a_file_is_named_alike_wherever_the_file_lies(tmp_path: Path) -> None:
    names = set()
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        plugins = discover([write(tmp_path / folder / "my_loss.py", FOCAL)])
        (focal,) = (
            offer.component
            for offer in offers(plugins, base=components.Loss)
            if isinstance(offer, Offer) and offer.component.name == "focal"
        )
        names.add(focal.__module__)
    assert names == {"harness_plugin_my_loss"}


def test_a_file_that_has_changed_is_read_anew_however_fast(tmp_path: Path) -> None:
    path = write(tmp_path / "my_loss.py", FOCAL)
    assert "focal" in losses(discover([path]))
    write(path, FOCAL.replace('"focal"', '"local"'))
    assert "local" in losses(discover([path]))


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (
            "\n\nimport no_such_module",
            "ModuleNotFoundError: No module named 'no_such_module' (line 3)",
        ),
        ("def f(:\n    pass", "SyntaxError: invalid syntax (my_loss.py, line 1)"),
        ("def f():\n    return 1 / 0\n\nf()", "ZeroDivisionError: division by zero (line 2)"),
        ("raise ValueError('a\\n  b')", "ValueError: a b (line 1)"),
        ("x = 1", "has no function marked with @hookimpl"),
    ],
)
def test_a_file_that_does_not_work_is_an_error_of_one_line_that_names_it(
    tmp_path: Path, source: str, fault: str
) -> None:
    path = write(tmp_path / "my_loss.py", source)
    with pytest.raises(PluginError) as error:
        discover([path])
    assert str(error.value) == f"plugin {path}: {fault}"


def test_a_file_that_failed_is_not_left_half_imported(tmp_path: Path) -> None:
    with pytest.raises(PluginError):
        discover([write(tmp_path / "my_half.py", "raise ValueError")])
    assert "harness_plugin_my_half" not in sys.modules


def test_a_file_that_is_not_there_and_two_of_one_name_are_errors(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"absent\.py: cannot be read: No such file or directory"):
        discover([tmp_path / "absent.py"])
    path = write(tmp_path / "my_loss.py", FOCAL)
    (tmp_path / "there").mkdir()
    same = write(tmp_path / "there" / "my_loss.py", FOCAL)
    for second in (path, same):
        with pytest.raises(PluginError, match=r"another plugin file is called my_loss\.py too"):
            discover([path, second])


# --- supply -------------------------------------------------------------------------------------


class Unmarked(third_party.CrossEntropy):
    name = "unmarked"


@dataclass(frozen=True, kw_only=True)
class Nameless(third_party.NeverBuilt, components.Loss):
    alpha: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Unbuildable(components.Loss):
    name = "unbuildable"


@dataclass(frozen=True, kw_only=True)
class NameIsAnOption(third_party.NeverBuilt, components.Loss):
    name: str = "option"  # type: ignore[misc]  # the mistake that is to be noticed


@dataclass(frozen=True, kw_only=True)
class BareOfNothing(third_party.NeverBuilt, components.Loss):
    name = "bare_of_nothing"
    bare = "rate"


@dataclass(frozen=True, kw_only=True)
class Unreadable(third_party.NeverBuilt, components.Loss):
    name = "unreadable"
    option: NoSuchType = 1  # type: ignore[name-defined]  # so it is


def boom() -> list[Any]:
    raise ValueError("boom")


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (boom, "raised ValueError: boom"),
        (lambda: None, "returned None, not a list of classes"),
        (lambda: {"a": 1}, "returned {'a': 1}, not a list of classes"),
        (lambda: "ab", "returned 'ab', not a list of classes"),
        (lambda: [3], "offers 3, which is no class"),
        (
            lambda: [third_party.Noam],
            "offers Noam, which is no subclass of harness.components.Loss",
        ),
        (lambda: [Unbuildable], "offers Unbuildable, which does not define build"),
        (
            lambda: [Unmarked],
            "offers Unmarked, which is not marked @dataclass(frozen=True, kw_only=True)",
        ),
        (
            lambda: [Nameless],
            "offers Nameless, which needs a name: name: ClassVar[str] = 'like_this'",
        ),
        (
            lambda: [NameIsAnOption],
            "offers NameIsAnOption, which needs a name: name: ClassVar[str] = 'like_this'",
        ),
        (lambda: [BareOfNothing], "offers BareOfNothing, whose `bare` is no option of it: 'rate'"),
        (
            lambda: [Unreadable],
            "offers Unreadable, whose options cannot be read: name 'NoSuchType' is not defined",
        ),
    ],
)
def test_an_offer_that_cannot_be_taken_names_plugin_hook_and_fault(
    answer: Callable[[], object], fault: str
) -> None:
    class Odd:
        @hookimpl
        def harness_losses(self) -> object:
            return answer()

    offered = list(offers(third_party.plugins(odd=Odd()), base=components.Loss))
    (complaint,) = (
        str(offer).partition(" (line")[0] for offer in offered if isinstance(offer, PluginFault)
    )
    assert complaint == f"plugin odd, hook harness_losses: {fault}"
    assert [offer.component.name for offer in offered if isinstance(offer, Offer)] == [
        "cross_entropy",
        "label_smoothing",
    ]


def test_a_good_component_beside_a_bad_one_is_taken() -> None:
    class Mixed:
        @hookimpl
        def harness_losses(self) -> object:
            return [Unbuildable, third_party.LabelSmoothing]

    offered = list(offers(third_party.plugins(mixed=Mixed()), base=components.Loss))
    assert Offer(third_party.LabelSmoothing, "mixed") in offered


# --- observe ------------------------------------------------------------------------------------

STUDY = StudyView(name="copy", question="Why?", path=Path(), runs=())


def test_observers_are_told_what_they_ask_for_and_one_that_raises_stops_no_other() -> None:
    told: list[object] = []

    class Watches:
        @hookimpl
        def harness_study_started(self, study: StudyView) -> None:
            told.append(study)

    class Raises:
        @hookimpl
        def harness_study_started(self) -> None:
            raise ValueError("not now")

    plugins = third_party.plugins(first=Watches(), raises=Raises(), last=Watches())
    arguments = {"study": STUDY, "ledger": object()}
    (complaint,) = observe(plugins, hook="harness_study_started", arguments=arguments)
    assert told == [STUDY, STUDY]
    text = str(complaint)
    assert text.startswith(
        "plugin raises, hook harness_study_started: raised ValueError: not now (line "
    )


def test_observers_keep_the_order_that_they_ask_for() -> None:
    order: list[str] = []

    class Observer:
        def __init__(self, name: str) -> None:
            self.name = name

        @hookimpl
        def harness_study_ended(self) -> None:
            order.append(self.name)

    class Eager(Observer):
        @hookimpl(tryfirst=True)
        def harness_study_ended(self) -> None:
            order.append(self.name)

    plugins = third_party.plugins(a=Observer("a"), b=Eager("b"), c=Observer("c"))
    assert observe(plugins, hook="harness_study_ended", arguments={}) == []
    assert order == ["b", "c", "a"]
