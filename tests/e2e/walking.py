"""A walk through every page in a real browser: no violation by axe, no overflow, no console error, nothing in English.

Axe sees each page in both themes and both languages: all its rules in the light theme in English, and in
the dark one in Japanese those on colours and words. The rest of the page is the same in both. What a text's contrast
hangs on, the colours and sizes of it and of all around it, is measured where it is first met on a walk.
"""

from __future__ import annotations

import re

from axe_playwright_python.sync_playwright import Axe

AXE = Axe().axe_script
COLOURS_AND_WORDS = [
    *("color-contrast", "link-in-text-block", "html-has-lang", "valid-lang", "document-title"),
    *("button-name", "link-name", "label", "select-name", "summary-name", "svg-img-alt", "image-alt", "empty-heading"),
]
CONTRAST = "color-contrast"  # takes as long as all other rules, and pages are much alike
# The rule leaves out what is marked: all in one run, since half of a run goes into reading the page.
LEAVE_OUT_KNOWN = f"axe.configure({{rules: [{{id: '{CONTRAST}', selector: '*:not([data-contrast-known])'}}]}});"
RUN = """(options) => axe.run(document, options).then((found) => found.violations.map(
    ({ id, nodes }) => ({ id, nodes: nodes.slice(0, 2).map((node) => node.html.slice(0, 120)) })))"""
# Marks what holds nothing but texts in styles that are known; returns the styles that are not.
MARK_KNOWN = """(known) => {
    const seen = new Set(known), found = new Set();
    const plain = "rgba(0, 0, 0, 0),none,1,none,normal,static,false,";
    const visit = (element, around) => {
        const is = getComputedStyle(element);
        const ground = [is.backgroundColor, is.backgroundImage, is.opacity, is.filter, is.mixBlendMode, is.position,
            element.hasAttribute("disabled"), element.getAttribute("aria-disabled")].join();
        if (ground !== plain) around += ">" + ground;
        const letters = [is.color, is.fontSize, is.fontWeight, is.textShadow, is.visibility, element.localName];
        const style = letters.join() + around;
        let known = seen.has(style);
        if (!known) found.add(style);
        for (const child of element.children) known = visit(child, around) && known;
        if (known) element.dataset.contrastKnown = "";
        return known;
    };
    visit(document.documentElement, "");
    return [...found];
}"""
WIDE = {"width": 1280, "height": 900}
# Names and code stay as they are; anything else in Latin letters on a Japanese page was not translated.
WRITTEN_BY_PEOPLE = {
    "Proposes a card limit; a person decides.",
    "Applicants of full age.",
    "As seen in the last quarter.",
    "Enough for a card.",
}
UNTRANSLATED = re.compile(r"^(?:[A-Z][a-z]+ ){2,}[a-z]+|^[A-Z][a-z]+ (?:the|a|of|to|is|are|not|no|has|with|for) ")


def sign_in(context, client, user, live_server, language: str) -> None:
    """Give the browser the session of a user."""
    user.language = language
    user.save(update_fields=["language"])
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    cookie = client.cookies["sessionid"]
    context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live_server.url}])


def context_for(browser, **options):
    """A context of the browser whose pages all have axe: handed over once, not page by page."""
    context = browser.new_context(**options)
    context.add_init_script(AXE + LEAVE_OUT_KNOWN)
    return context


def look(
    page, url: str, name: str, problems: list[str], rules: list[str] | None = None, styles: set[str] | None = None
) -> None:
    """Open a page of a `context_for`, run axe, all of it or some rules, and note what is wrong.

    With ``styles``, which grow from page to page, contrast is measured in styles that are not among them.
    """
    response = page.goto(url, wait_until="load")
    if response.status >= 500:
        problems.append(f"{name}: status {response.status}")
        return
    if styles is not None:
        styles.update(page.evaluate(MARK_KNOWN, sorted(styles)))
    options = {"runOnly": rules} if rules else {}
    for violation in page.evaluate(RUN, options | {"resultTypes": ["violations"]}):
        problems.append(f"{name}: axe {violation['id']}: {'; '.join(violation['nodes'])}")


def check_width(page, name: str, problems: list[str]) -> None:
    """On the narrowest screen nothing may stick out."""
    page.set_viewport_size({"width": 320, "height": 740})
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if over > 0:
        problems.append(f"{name}: {over} px too wide at 320")
    page.set_viewport_size(WIDE)


def check_japanese(page, name: str, problems: list[str]) -> None:
    """Apart from what the tests' people wrote and from code, no English sentence."""
    lines = [line.strip() for line in page.inner_text("main").splitlines()]
    english = [line for line in lines if UNTRANSLATED.match(line) and line not in WRITTEN_BY_PEOPLE]
    code = page.eval_on_selector_all("main pre, main code, main .yaml", "all => all.map(e => e.innerText).join()")
    problems += [f"{name}: not translated: {line}" for line in english if line not in code]


def walk(live_server, browser, client, world, language: str) -> list[str]:
    """What is wrong with the pages of everybody who walks."""
    problems: list[str] = []
    theme, rules = ("dark", COLOURS_AND_WORDS) if language == "ja" else ("light", None)
    for user, addresses in world.walks:
        context = context_for(browser, viewport=WIDE, locale=language, color_scheme=theme)
        sign_in(context, client, user, live_server, language)
        page, styles = context.new_page(), set()
        page.on("console", lambda m: problems.append(f"console: {m.text[:200]}") if _is_ours(m) else None)
        page.on("pageerror", lambda error: problems.append(f"script: {error}"))
        page.on(
            "request", lambda r: problems.append(f"another host: {r.url}") if live_server.url not in r.url else None
        )
        for name, address in addresses.items():
            look(page, live_server.url + address, name, problems, rules, styles)
            check_width(page, name, problems)
            if language == "ja":
                check_japanese(page, name, problems)
        context.close()
    return problems


def _is_ours(message) -> bool:
    return message.type in ("error", "warning") and "status of 4" not in message.text
