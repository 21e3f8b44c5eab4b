"""号码分类 in the browser: rules tried before they hold, terms of each class, counts of a segment."""

from __future__ import annotations

from typing import Any

import pytest

from domain.numbers.terms import SHIPPED_TERMS
from tests.unit.webui.site import Browser, Site, form_of

PAGE = "/operator/numbers/classes"
TERMS = "/operator/numbers/class-terms"


def stock(browser: Browser, *numbers: str) -> None:
    for number in numbers:
        form = form_of(browser.get("/operator/numbers"), "/operator/numbers/add")
        form["number"] = number
        form.submit()


def class_of(site: Site, number: str) -> str:
    return str(site.read(lambda root: root.inventory.card(number).vanity_class))


def terms_form(page: Any, name: str) -> Any:
    return next(each for each in page.forms.values() if each.action == TERMS and each["class"].value == name)


def test_rules_are_tried_and_then_hold(site: Site) -> None:
    """The trial changes nothing; saving classifies what is in stock anew; the shipped table comes back."""
    browser = site.browser("anna")
    stock(browser, "4006123466", "4006218268")
    assert (class_of(site, "4006123466"), class_of(site, "4006218268")) == ("B", "D")
    page = browser.get(PAGE)
    form = form_of(page, PAGE)
    assert form["rules"].value.splitlines()[0].startswith("特号 = 400K***AAA")
    assert "as shipped" in page.text
    form["rules"] = "A = 400*****68 400K****66\n\nD = 400K******"
    tried = form.submit("do", value="try")
    assert "2 numbers would change their class" in tried.text
    assert class_of(site, "4006123466") == "B"
    assert form_of(tried, PAGE)["rules"].value == form["rules"].value
    form.submit("do", value="save").follow()
    assert (class_of(site, "4006123466"), class_of(site, "4006218268")) == ("A", "A")
    assert "vanity-rules" in site.actions()
    shown = browser.get(PAGE)
    assert "of your own" in shown.text
    form_of(shown, PAGE).submit("do", value="shipped")
    assert class_of(site, "4006123466") == "B"
    assert site.read(lambda root: root.box.value.numbering.vanity_rules) == ()


@pytest.mark.parametrize("line", ["A = 400K**ZZ", "= 400K******", "A 400K******", "A =", "A = 4006<script>"])
def test_a_line_that_is_no_rule_is_named_and_what_was_typed_stays(site: Site, line: str) -> None:
    """Nothing is changed."""
    form = form_of(site.browser("anna").get(PAGE), PAGE)
    form["rules"] = f"D = 400K******\n{line}"
    page = form.submit("do", value="save", status=422)
    assert "Line 2: " in page.text
    assert "<script>" not in page.text
    assert form_of(page, PAGE)["rules"].value.splitlines()[1] == line
    assert site.read(lambda root: root.box.value.numbering.vanity_rules) == ()


def test_terms_of_a_class_are_set_and_taken_back(site: Site) -> None:
    """A class without a minimum is not offered; what equals the shipped terms is not kept as one's own."""
    browser = site.browser("anna")
    page = browser.get(PAGE)
    form = terms_form(page, "C")
    assert form["minimum_li"].value == ""
    form["minimum_li"], form["years"], form["fee_instead_li"] = "1000", "2", "9800.5"
    form.submit().follow()
    terms = site.read(lambda root: root.box.value.numbering.class_terms)
    assert (terms["C"].minimum_li, terms["C"].years, terms["C"].fee_instead_li) == (1_000_000, 2, 9_800_500)
    step = terms_form(browser.get(PAGE), "B")
    assert (step["step_month"].value, step["step_minimum_li"].value) == ("7", "20000.00")
    assert step["step_patterns"].value == "400695**** 4006*95***"
    step["step_month"] = "8"
    step.submit()
    step["step_month"] = "7"
    step.submit()
    assert set(site.read(lambda root: root.box.value.numbering.class_terms)) == {"C"}
    assert SHIPPED_TERMS["B"].step_month == 7


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("minimum_li", "-1"),
        ("fee_li", "99999999999"),
        ("years", "31"),
        ("step_month", "x"),
        ("deposit_li", "1e5"),
        ("step_patterns", "4006"),
    ],
)
def test_amounts_that_make_no_sense_are_told_at_their_input(site: Site, field: str, text: str) -> None:
    """Negative, huge, no figures at all: nothing is stored."""
    form = terms_form(site.browser("anna").get(PAGE), "A")
    form[field] = text
    page = form.submit(status=422)
    wrong = page.html.find("input", {"name": field, "class": "is-invalid"})
    assert wrong is not None
    assert wrong["value"] == text
    assert site.read(lambda root: root.box.value.numbering.class_terms) == {}


def test_a_segment_is_counted(site: Site) -> None:
    """Of 4006123400 to 4006123499 34 and 44 are special, 33 is A, 66, 88, 99 and the runs are B."""
    page = site.browser("sun").get(PAGE, {"segment": "40061234"})
    cells = [cell.get_text(strip=True) for cell in page.html.find_all("td")]
    assert cells[1::2] == ["2", "1", "6", "5", "86"]


def test_only_who_may_change_the_box_changes_rules_and_terms(site: Site) -> None:
    """Others read them."""
    browser = site.browser("sun")
    page = browser.get(PAGE)
    assert not [each for each in page.forms.values() if "do" in each.fields]
    token = browser.token(PAGE)
    for address in (PAGE, TERMS):
        asked = {"csrf_token": token, "rules": "D = 400K******", "do": "save", "class": "A"}
        assert browser.post(address, asked, status="*").status_int in (403, 404)
    assert site.read(lambda root: root.box.value.numbering.vanity_rules) == ()
