"""上线导入: everything of a new tenant in one workbook, shown before it is taken, wrong rows given back."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from webtest import Upload

from domain.customers.customer import Customer
from storage.export.workbook import workbook
from tests.unit.webui.site import Browser, Site, form_of
from tests.unit.webui.test_branding import hide

PAGE = "/t/alpha/go-live"
NUMBER = "4001003721"
CUSTOMERS = ("客户", ("姓名", "类型", "公司", "电话号码", "邮箱"))
CONTACTS = ("联系人", ("姓名", "公司", "电话号码", "邮箱"))
BOUND = ("绑定号码", ("400号码", "绑定号码", "类型", "备注", "工号", "权重", "是否振铃"))
ARTICLES = ("知识库", ("标题", "正文", "分类", "关键词", "可见范围"))
Sheet = tuple[tuple[str, tuple[str, ...]], list[tuple[str, ...]]]


def book(path: Path, *sheets: Sheet) -> bytes:
    """Return a workbook; a sheet is its name and titles, and its rows."""
    with workbook(path) as written:
        for (name, titles), rows in sheets:
            page = written.add_worksheet(name)
            for place, row in enumerate((titles, *rows)):
                page.write_row(place, 0, row)
    return path.read_bytes()


def shown(browser: Browser, content: bytes, status: int = 200) -> Any:
    """Upload a workbook; return the preview."""
    form = form_of(browser.get(PAGE), PAGE)
    form["file"] = Upload("上线.xlsx", content)
    return form.submit(status=status)


def taken(page: Any) -> Any:
    """Confirm a preview."""
    return form_of(page, f"{PAGE}/take").submit()


def counts(page: Any) -> str:
    """Return what a page says of all rows."""
    return str(page.html.find(id="imported").text)


def bound(site: Site) -> list[Any]:
    """Return alpha's bound numbers."""
    found: list[Any] = site.read(lambda root: list(root.tenants["alpha"].numbers[NUMBER].value.bound))
    return found


def state(site: Site) -> tuple[int, int, int]:
    """Return how many customers, bound numbers and articles alpha has."""
    return (
        site.read(lambda root: len(root.customers.find("alpha"))),
        len(bound(site)),
        site.read(lambda root: len(root.knowledge.read("alpha").articles)),
    )


def whole(path: Path) -> bytes:
    """Return a workbook with a right row or two in each sheet."""
    return book(
        path,
        (CUSTOMERS, [("四海公司", "公司", "", "010-88886666", "")]),
        (CONTACTS, [("王小姐", "四海公司", "13800138000", "w@sihai.cn")]),
        (BOUND, [("", "010-6123 4567", "", "前台", "8001", "30", "否"), (NUMBER, "13900001111", "", "老板")]),
        (ARTICLES, [("怎样开发票", "登录后点“发票”。", "账单费用", "开票", "公开")]),
    )


def test_everything_is_shown_and_then_taken_together(site: Site, tmp_path: Path) -> None:
    """The preview changes nothing; what is confirmed is there; the same workbook again changes nothing."""
    browser = site.browser(NUMBER)
    before = state(site)
    content = whole(tmp_path / "a.xlsx")
    page = shown(browser, content)
    assert "4 added, 1 changed, 0 unchanged, 0 left out" in counts(page)
    assert "老板" in page.text
    assert state(site) == before
    assert "4 added, 1 changed" in counts(taken(page))
    assert state(site) == (before[0] + 2, 2, before[2] + 1)
    first, second = bound(site)
    assert (first.number, first.label) == ("13900001111", "老板")
    assert (second.number, second.kind, second.job_number, second.weight, second.enabled) == (
        "01061234567", "landline", "8001", 30, False,
    )  # fmt: skip
    held = site.read(
        lambda root: {each.name: each for _, each in root.customers.find("alpha").newest_first()}
    )
    assert held["王小姐"].company == held["四海公司"].id
    article = site.read(lambda root: next(root.knowledge.read("alpha").newest_first()))
    assert (article.readable.title, article.readable.audience) == ("怎样开发票", "public")
    assert "go-live-imported" in site.actions()
    assert "0 added, 0 changed, 5 unchanged" in counts(shown(browser, content))


def test_wrong_rows_are_refused_each_with_its_reason_and_given_back(site: Site, tmp_path: Path) -> None:
    """The others are taken; the file that comes back is put right and taken as it is."""
    browser = site.browser(NUMBER)
    content = book(
        tmp_path / "a.xlsx",
        (CUSTOMERS, [("李", "", "", "abc"), ("王", "", "", "13800138000"), ("字" * 61, "", "", "13911112")]),
        (CONTACTS, [("赵", "", "13911113333", "")]),
        (
            BOUND,
            [
                ("4009999999", "13911114444"), ("", "12"), ("", "13911115555"), ("", "13911116666", "卫星"),
                ("", "13911117777", "", "", "", "101"), ("", "13911118888", "", "", "", "", "也许"),
            ],
        ),
        (
            ARTICLES,
            [("好", ""), ("退款", "三天", "没有的分类"), ("退货", "七天", "", "", "秘密"), ("保修", "一年")],
        ),
    )  # fmt: skip
    page = shown(browser, content)
    assert "3 added, 0 changed, 0 unchanged, 11 left out" in counts(page)
    for words in (
        "not a telephone number: abc", "姓名 has more than 60 characters", "公司 is empty",
        "400号码 is one of 4001003721", "类型 is one of", "no whole number from 0 to 100",
        "是否振铃 is one of", "cannot be told from its digits",
        "the text has 1 to", "分类 is one of", "可见范围 is",
    ):  # fmt: skip
        assert words in page.text, words
    done = taken(page)
    assert "3 added" in counts(done)
    assert [each.number for each in bound(site)] == ["13900001111", "13911115555"]
    back = browser.get(done.html.find(id="refused")["href"])
    sheets = openpyxl.load_workbook(io.BytesIO(back.body))
    assert sheets.sheetnames == ["客户", "联系人", "绑定号码", "知识库"]
    rows = [[cell.value for cell in row] for row in sheets["客户"].iter_rows()]
    assert rows[0][-1] == "原因"
    assert (rows[1][0], rows[1][3]) == ("李", "abc")
    assert "abc" in rows[1][-1]
    assert "11 left out" in counts(shown(browser, back.body))
    other = site.browser("4001003731")
    assert other.get(done.html.find(id="refused")["href"], status="*").status_int in (403, 404)


def test_more_bound_numbers_than_allowed_are_refused_one_by_one(site: Site, tmp_path: Path) -> None:
    """Those that fit are taken in the order of the rows."""
    limit = site.read(lambda root: root.tenants["alpha"].config.value.bound_limit)
    rows: list[tuple[str, ...]] = [("", f"1391111{place:04d}") for place in range(limit + 2)]
    browser = site.browser(NUMBER)
    page = shown(browser, book(tmp_path / "a.xlsx", (BOUND, rows)))
    assert f"{limit - 1} added, 0 changed, 0 unchanged, 3 left out" in counts(page)
    taken(page)
    assert [each.number for each in bound(site)][1:] == [row[1] for row in rows[: limit - 1]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no workbook", "no .xlsx file"),
        ([(("客户", ("name", "phone")), [("a", "1")])], "sheet 客户 has no column 姓名"),
        ([(("客户", ("姓名", "备注")), [("a", "1")])], "电话号码"),
        ([(("Sheet1", ("姓名", "电话号码")), [("a", "1")])], "nothing is filled in"),
    ],
)
def test_a_workbook_that_is_none_says_what_to_do(
    site: Site, tmp_path: Path, content: Any, words: str
) -> None:
    """Nothing of it is taken."""
    before = state(site)
    data = content if isinstance(content, bytes) else book(tmp_path / "a.xlsx", *content)
    page = shown(site.browser(NUMBER), data, status=422)
    assert words in page.html.find(class_="alert-danger").text
    assert state(site) == before


def test_the_template_is_taken_as_empty_and_strange_sheets_are_named(site: Site, tmp_path: Path) -> None:
    """It has a sheet for each kind and one that explains them."""
    browser = site.browser(NUMBER)
    template = browser.get(f"{PAGE}/template").body
    names = openpyxl.load_workbook(io.BytesIO(template)).sheetnames
    assert names == ["填写说明", "客户", "联系人", "绑定号码", "知识库"]
    assert "nothing is filled in" in shown(browser, template, status=422).text
    page = shown(
        browser,
        book(tmp_path / "a.xlsx", (BOUND, [("", "13911112222")]), (("草稿", ("a",)), [("b",)])),
    )
    assert "草稿" in page.html.find(id="strange").text


def test_an_operator_in_as_the_tenant_imports_for_him(site: Site, tmp_path: Path) -> None:
    """With the tenant's leave to change; with leave to look he may not even upload."""
    content = whole(tmp_path / "a.xlsx")
    for may_change, status in ((False, 403), (True, 200)):
        site.allow("alpha", may_change=may_change)
        helper = site.browser("sun")
        file = "/operator/tenants/alpha"
        form_of(helper.get(file), f"{file}/sign-in-as").submit(status=303)
        form = form_of(helper.get(PAGE), PAGE)
        form["file"] = Upload("上线.xlsx", content)
        page = form.submit(status=status)
        if may_change:
            assert "4 added" in counts(taken(page))
    noted = site.read(lambda root: [each for _, each in root.web.listed()])
    (entry,) = [each for each in noted if each.action == "go-live-imported"]
    assert "sun" in entry.who


def test_another_tenants_upload_is_nobody_elses(site: Site, tmp_path: Path) -> None:
    """Neither its token nor its page."""
    token = form_of(shown(site.browser(NUMBER), whole(tmp_path / "a.xlsx")), f"{PAGE}/take")["token"].value
    other = site.browser("4001003731")
    fields = {"csrf_token": other.token("/t/beta/go-live"), "token": token}
    assert "choose it again" in other.post("/t/beta/go-live/take", fields, status=422).text
    assert other.post(f"{PAGE}/take", fields, status="*").status_int in (403, 404)


def test_an_operator_who_sees_callers_masked_learns_no_number_from_a_preview(
    site: Site, tmp_path: Path
) -> None:
    """A row with one number of a customer would tell the others."""
    hide(site, "support")
    card = Customer("a" * 16, "王小姐", numbers=("13800138000", "13700137000"), at=site.clock())
    site.change(lambda root: root.customers.of("alpha").put(card))
    site.allow("alpha")
    helper, tenant = site.browser("sun"), site.browser(NUMBER)
    file = "/operator/tenants/alpha"
    form_of(helper.get(file), f"{file}/sign-in-as").submit(status=303)
    content = book(tmp_path / "a.xlsx", (CUSTOMERS, [("王女士", "", "", "13800138000 13811112222")]))
    for page in (PAGE, "/t/alpha/customers/import"):
        for browser, seen in ((tenant, True), (helper, False)):
            form = form_of(browser.get(page), page)
            form["file"] = Upload("a.xlsx", content)
            shown_page = form.submit()
            assert "1 changed" in counts(shown_page)
            assert ("13700137000" in shown_page.text) is seen, page
