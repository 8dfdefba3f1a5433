from __future__ import annotations

from collections.abc import Sequence

import pluggy
import pytest
from support import third_party

from harness import components, hookspecs
from harness.errors import HarnessError
from harness.hookspecs import hookimpl
from harness.registry.catalog import Catalog, CatalogRow, Option
from harness.registry.discovery import PluginFault, Plugins


def refused(name: str, *, slot: str, **more: object) -> str:
    with pytest.raises(HarnessError) as error:
        third_party.catalog(**more).find(name, slot=slot)
    return str(error.value)


class Second:
    """Offers a loss that the stranger has too."""

    @hookimpl
    def harness_losses(self) -> Sequence[type]:
        return [third_party.CrossEntropy]


def test_a_component_is_found_by_slot_and_name() -> None:
    assert third_party.catalog().find("noam", slot="schedule") is third_party.Noam
    assert third_party.catalog().find("linear", slot="decay") is third_party.Linear


@pytest.mark.parametrize(
    ("slot", "name", "message"),
    [
        (
            "loss",
            "label_smooting",
            "no loss named 'label_smooting'; did you mean 'label_smoothing'?",
        ),
        ("loss", "hinge", "no loss named 'hinge'; there are cross_entropy, label_smoothing"),
        ("regularizers", "r_drob", "no regularizer named 'r_drob'; did you mean 'r_drop'?"),
        (
            "decoding_policy",
            "",
            "no decoding policy named ''; there are scheduled_sampling, teacher_forcing",
        ),
        ("metrics", "blue", "no metric named 'blue'; did you mean 'bleu'?"),
        ("metrics", "nll", "nll is always reported; remove it from metrics"),
        (
            "schedule",
            "cross_entropy",
            "no schedule named 'cross_entropy'; there are noam, piecewise",
        ),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_one(slot: str, name: str, message: str) -> None:
    assert refused(name, slot=slot) == message


def test_a_slot_that_nobody_fills_says_so() -> None:
    registry = pluggy.PluginManager("harness")
    registry.add_hookspecs(hookspecs)
    with pytest.raises(HarnessError, match=r"^no loss named 'focal'; there are none$"):
        Catalog.of(Plugins(registry)).find("focal", slot="loss")


def test_a_name_offered_twice_is_an_error_naming_both_owners_only_where_it_is_used() -> None:
    catalog = third_party.catalog(second=Second())
    assert catalog.find("label_smoothing", slot="loss") is third_party.LabelSmoothing
    message = refused("cross_entropy", slot="loss", second=Second())
    assert message == "loss 'cross_entropy' is offered by both 'second' and 'stranger'"


def test_a_plugin_that_cannot_offer_is_a_complaint_beside_those_of_discovery() -> None:
    class Broken:
        @hookimpl
        def harness_schedules(self) -> Sequence[type]:
            return [third_party.CrossEntropy]

    earlier = PluginFault("absent", None, "ModuleNotFoundError: no module")
    plugins = Plugins(third_party.plugins(broken=Broken()).registry, (earlier,))
    catalog = Catalog.of(plugins)
    assert [fault.plugin for fault in catalog.complaints] == ["absent", "broken"]
    assert catalog.find("noam", slot="schedule") is third_party.Noam


def test_a_name_that_a_broken_plugin_may_have_offered_is_answered_with_its_fault() -> None:
    class Broken:
        @hookimpl
        def harness_losses(self) -> Sequence[type]:
            raise KeyError("classes")

    earlier = PluginFault("absent", None, "ModuleNotFoundError: no module")
    catalog = Catalog.of(Plugins(third_party.plugins(broken=Broken()).registry, (earlier,)))
    with pytest.raises(HarnessError) as error:
        catalog.find("hinge", slot="loss")
    assert str(error.value).startswith(
        "no loss named 'hinge'; there are cross_entropy, label_smoothing; "
        "plugin absent: ModuleNotFoundError: no module; "
        "plugin broken, hook harness_losses: raised KeyError: 'classes'"
    )
    with pytest.raises(HarnessError) as error:
        catalog.find("cosine", slot="schedule")
    assert str(error.value) == (
        "no schedule named 'cosine'; there are noam, piecewise; "
        "plugin absent: ModuleNotFoundError: no module"
    )


# --- what `harness plugins` lists ---------------------------------------------------------------


def row(name: str) -> CatalogRow:
    (result,) = (row for row in third_party.catalog().rows() if row.name == name)
    return result


def test_a_row_has_the_first_line_of_the_docstring_and_every_option_with_its_default() -> None:
    assert row("dropout") == CatalogRow(
        slot="regularizers",
        name="dropout",
        plugin="stranger",
        summary="Drops what it is told to.",
        options=(
            Option("rate", "a number at least 0 and below 1", "0.0"),
            Option("rates", "{name: a number at least 0 and below 1}", "{}"),
        ),
    )


def test_an_option_that_must_be_given_has_no_default() -> None:
    assert row("noam").options[0] == Option("warmup", "a whole number above 0", None)


def test_nested_options_and_components_are_said_in_words() -> None:
    side = "{source: a file, target: a file, limit: a whole number above 0 or null}"
    assert row("parallel_text").options == (
        Option("train", side, None),
        Option("test", f"{side} or null", "null"),
    )
    assert row("scheduled_sampling").options == (
        Option("decay", "a decay", None),
        Option("later", "a decay or null", "null"),
        Option("stages", "a list, each a decay", "[]"),
        Option("by_layer", "{name: a decay}", "{}"),
    )


def test_rows_come_slot_by_slot_and_show_both_offers_of_one_name() -> None:
    rows = list(third_party.catalog(second=Second()).rows())
    slots = list(dict.fromkeys(row.slot for row in rows))
    assert slots == [slot for slot in components.SLOTS if slot in slots]
    assert [(row.name, row.plugin) for row in rows if row.slot == "loss"] == [
        ("cross_entropy", "second"),
        ("cross_entropy", "stranger"),
        ("label_smoothing", "stranger"),
    ]
