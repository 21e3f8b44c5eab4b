// What tests/product/test_every_page.py asks of a page; evaluated in it.
(() => {
  const TYPED = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  const CLICKED = "[x-on\\:click], [hx-post]:not([hx-trigger*=load]), [hx-delete], [onclick]";
  const USABLE = `${TYPED}, label, form, audio, [tabindex], body`;

  const shows = (e) => e.checkVisibility({ visibilityProperty: true }) && !e.disabled;
  const name = (e) => `${e.tagName.toLowerCase()}#${e.id}.${[...e.classList].join(".")} ${(e.textContent || e.name || "").trim().slice(0, 30)}`;
  const look = (e) => {
    const s = getComputedStyle(e);
    return [s.outlineStyle, s.outlineWidth, s.boxShadow, s.borderColor, s.backgroundColor].join();
  };

  return {
    keys() {
      const found = [...document.querySelectorAll(CLICKED)]
        .filter((e) => shows(e) && !e.matches(USABLE)).map((e) => `only by mouse: ${name(e)}`);
      for (const e of document.querySelectorAll(TYPED)) {
        if (!shows(e) || e.matches("[tabindex='-1'], .swagger-ui *")) continue;
        const around = e.nextElementSibling || e.parentElement;
        document.activeElement.blur();
        const before = look(e) + look(around);
        e.focus({ focusVisible: true, preventScroll: true });
        if (document.activeElement !== e) found.push(`takes no focus: ${name(e)}`);
        else if (look(e) + look(around) === before) found.push(`shows no focus: ${name(e)}`);
      }
      return found;
    },
    tooWide() {
      if (document.documentElement.scrollWidth <= innerWidth) return [];
      return [...document.querySelectorAll("main *")]
        .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
        .slice(0, 4).map((e) => e.outerHTML.slice(0, 90));
    },
    // Compressed, also of what the browser had kept; the heads of answers are counted as 300 bytes each.
    size() {
      const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
      return entries.reduce((sum, e) => sum + e.encodedBodySize + 300, 0);
    },
    links: () => [...document.querySelectorAll("a[href^='/']:not([download])")].map((e) => e.getAttribute("href")),
    // Parts that are fetched may come back empty, so what counts is that the answers are there.
    loading() {
      const fetched = new Set(performance.getEntriesByType("resource").map((e) => new URL(e.name).pathname));
      const address = (e) => (e.getAttribute("hx-get") || e.getAttribute("hx-post")).split("?")[0];
      return document.querySelector(".htmx-request") !== null
        || [...document.querySelectorAll("[hx-trigger*=load]")].some((e) => !fetched.has(address(e)));
    },
  };
})()
