"""Somebody at a screen: opens pages, reads words in their language, fills forms, and every page is looked at."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path
from time import monotonic, sleep

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Response

from pathways.simulator.region import PASSWORD

HERE = Path(__file__).parent
PICTURES = HERE / "screenshots"
TRANSLATIONS = HERE.parents[1] / "translations"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],
}
RUN = "options => axe.run(document, options).then(found => found.violations)"


@cache
def words(language: str) -> NullTranslations:
    """The messages that the server has in a language."""
    return translation("messages", TRANSLATIONS, [language])


@dataclass
class House:
    """A server in a language, and the browser to visit it with."""

    address: str
    language: str
    browser: Browser
    database: str = ""
    seen: set[str] = field(default_factory=set)
    """Names of the pages that were looked at."""

    def visitor(self, username: str | None = None, *, language: str | None = None) -> Visitor:
        """Somebody with a browser of their own, signed in as ``username``."""
        context = self.browser.new_context(viewport=WIDE, locale="fr-MA", timezone_id="Africa/Casablanca")  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        here = Visitor(self, context.new_page(), language or self.language)
        here.listen()
        if username:
            here.sign_in(username)
        return here


@dataclass
class Visitor:
    """A page of the browser with somebody before it."""

    house: House
    page: Page
    language: str
    faults: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Note every error of a script and every refusal by the security policy."""
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on(
            "console",
            lambda said: (
                self.faults.append(said.text) if said.type == "error" and "status of 4" not in said.text else None
            ),
        )

    def say(self, msgid: str, **values: object) -> str:
        """The words of a msgid in the visitor's language."""
        text = words(self.language).gettext(msgid)
        return text % values if values else text

    def sign_in(self, username: str, password: str = PASSWORD) -> None:
        """Through the sign-in page, in the visitor's language."""
        self.go(f"/sign-in?lang={self.language}")
        self.enter(username, password)
        assert "/sign-in" not in self.page.url, self.page.locator("main").inner_text()

    def enter(self, username: str, password: str = PASSWORD) -> None:
        """Fill the sign-in page that is open."""
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", password)
        self.follow(self.main.locator("button.primary"))

    def go(self, path: str) -> Response | None:
        """Open an address of the house."""
        return self.page.goto(path if path.startswith("http") else self.house.address + path)

    @property
    def path(self) -> str:
        """The path of the open page, without its query."""
        return "/" + self.page.url.partition("//")[2].partition("/")[2].partition("?")[0].partition("#")[0]

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    def press(self, msgid: str, *, within: str = "main") -> None:
        """Follow the link or press the button that bears these words."""
        exactly = self._named(msgid, within)
        button = exactly.and_(self.page.locator("button, a.button"))
        holding = self.page.locator(within).locator("a, button").filter(has_text=self.say(msgid))
        self.follow(next((one for one in (button, exactly) if one.count()), holding).first)

    def offers(self, msgid: str) -> bool:
        """Whether there is a link or a button that bears just these words."""
        return self._named(msgid, "main").count() > 0

    def _named(self, msgid: str, within: str) -> Locator:
        bearing = re.compile(rf"^\s*{re.escape(self.say(msgid))}…?\s*$")
        return self.page.locator(within).locator("a, button").filter(has_text=bearing)

    def follow(self, what: Locator) -> None:
        """Click something that leads to another page, and wait for that page."""
        with self.page.expect_navigation():
            what.click()

    def send(self) -> None:
        """Press the main button of the form on the page."""
        self.follow(self.main.locator("form[method=post] button.primary").first)

    def shows(self, msgid: str, **values: object) -> None:
        """The words stand on the page. Raises AssertionError with what is there instead."""
        text = self.say(msgid, **values)
        assert _plain(text) in _plain(self.main.inner_text()), f"{text!r} is not in:\n{self.main.inner_text()}"

    def reads(self, text: str) -> None:
        """This text stands on the page."""
        assert _plain(text) in _plain(self.main.inner_text()), f"{text!r} is not in:\n{self.main.inner_text()}"

    def fill(self, **values: str) -> None:
        """Fill fields by name; ``__`` stands for ``-``."""
        for name, value in values.items():
            self.page.fill(f"[name='{name.replace('__', '-')}']", value)

    def choose(self, name: str, value: str) -> None:
        """Tick the choice whose value is ``value`` or a coding of it; the group it stands in is opened first."""
        option = self.page.locator(f"[name='{name}']:is([value='{value}'], [value$='|{value}'])").first
        self.unfold(option)
        option.check()

    def unfold(self, inside: Locator) -> None:
        """Open the folded groups around a field."""
        inside.evaluate("e => { while ((e = e.parentElement?.closest('details'))) e.open = true }")

    def look(self, name: str, *, page: Page | None = None) -> None:
        """Look at the page as a person, a checker and a phone would: direction, axe, width, pictures of both sizes."""
        page = page or self.page
        rtl = self.language == "ar"
        assert page.locator("html").get_attribute("dir") == ("rtl" if rtl else "ltr")
        assert page.locator("html").get_attribute("lang") == self.language
        assert not self.faults, f"{name}: {self.faults}"
        found = violations(page)
        assert not found, f"{name} ({self.language}):\n" + "\n".join(found)
        assert not (cut := _cut(page)), f"{name} ({self.language}): not to be read as a whole: {cut}"
        self.house.seen.add(name)
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}-{self.language}-1280.png", full_page=True)
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        page.screenshot(path=PICTURES / f"{name}-{self.language}-360.png", full_page=True)
        cut = _cut(page)
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        assert not cut, f"{name} ({self.language}): not to be read as a whole on a phone: {cut}"
        assert wide[0] <= wide[1], (
            f"{name} ({self.language}): {wide[0]} px wide on a phone of {wide[1]} px: {_too_wide(page)}"
        )

    def leave(self) -> None:
        """Close the browser."""
        self.page.context.close()


def violations(page: Page) -> list[str]:
    """What axe finds on the open page: a line each, with the rule, the place and what to do."""
    page.evaluate(Axe().axe_script)
    lines = []
    for rule in page.evaluate(RUN, RULES):
        for node in rule["nodes"]:
            advice = (node.get("failureSummary") or "").replace("\n", " ")
            lines.append(f"  {rule['id']} ({rule['impact']}): {' '.join(map(str, node['target']))}: {advice}")
    return lines


def _cut(page: Page) -> list[str]:
    """Placeholders and buttons whose words do not fit."""
    script = """() => {
        const pen = document.createElement('canvas').getContext('2d'), cut = [];
        for (const e of document.querySelectorAll('input[placeholder]')) {
            const s = getComputedStyle(e); pen.font = s.font;
            const taken = parseFloat(s.paddingInlineStart) + parseFloat(s.paddingInlineEnd);
            const room = e.clientWidth - taken - (e.type === 'search' ? 18 : 0);
            if (e.clientWidth && pen.measureText(e.placeholder).width > room) cut.push(e.placeholder);
        }
        for (const e of document.querySelectorAll('button, .button, .tag, label, th, h1, h2'))
            if (e.offsetWidth > 2 && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'visible')
                cut.push(e.textContent.trim());
        return cut }"""
    found: list[str] = page.evaluate(script)
    return found


def _too_wide(page: Page) -> list[str]:
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    script = """() => [...document.querySelectorAll('main *, header *, footer *')].filter(e => {
        const b = e.getBoundingClientRect(); return b.width && (b.right > innerWidth + 1 || b.left < -1) })
        .slice(-5).map(e => e.tagName + '.' + e.className + ': ' + (e.textContent || '').trim().slice(0, 60))"""
    found: list[str] = page.evaluate(script)
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    return found


def _plain(text: str) -> str:
    """Without the marks of direction and the kinds of space, which are not what is being looked for."""
    return re.sub(r"\s+", " ", re.sub("[\u200e\u200f\u061c\u2066-\u2069]", "", text)).strip()


def wait_until(holds: Callable[[], bool], seconds: float = 5) -> None:
    """Wait for something that the page does by itself. (The policy of the pages forbids the browser's own waiting.)"""
    until = monotonic() + seconds
    while not holds():
        assert monotonic() < until, "it did not happen"
        sleep(0.05)
