"""Words of the editor of voice menus, which works in the browser."""

from __future__ import annotations

from typing import Final

from webui.presenters.texts import N_, Texts

KINDS: Final = {
    "play": N_("Play"),
    "menu": N_("Menu"),
    "dial": N_("Extension"),
    "collect": N_("Collect digits"),
    "hours": N_("By time"),
    "area": N_("By place"),
    "percentage": N_("By share"),
    "set": N_("Set variable"),
    "branch": N_("By variable"),
    "request": N_("Web request"),
    "go": N_("Goes to"),
    "hang-up": N_("Hang up"),
}
WORDS: Final = {
    "start": N_("Start"), "next": N_("then"), "default": N_("otherwise"), "open": N_("during hours"),
    "closed": N_("closed"), "title": N_("Name"), "prompts": N_("Prompts, one per line"),
    "keys": N_("Keys"), "retries": N_("Asked again how often"),
    "first_key_seconds": N_("Seconds to the first key"),
    "extensions": N_("Extensions can be dialled too"), "schedule": N_("Open"), "to": N_("Goes to"),
    "places": N_("Area codes, provinces, region groups"), "percent": N_("Per cent"), "add": N_("Add"),
    "remove": N_("Remove this node"), "first": N_("Begin here"), "whole": N_("All settings (JSON)"),
    "apply": N_("Apply"), "none": N_("— nowhere yet —"), "fine": N_("Nothing is wrong: it can be published."),
    "saved": N_("Draft saved."), "lost": N_("The box did not answer; nothing was stored. Try again."),

    "choose": N_("Choose a node to change it, or draw a line from one to the other."),
    "way": N_("When the call is over: the way it took"),
    "comes": N_("The call comes out here:"), "broken": N_("This is no JSON."),
}  # fmt: skip


def editor_words(texts: Texts) -> dict[str, dict[str, str]]:
    """Return kinds of nodes and everything else that the editor says."""
    return {
        "kinds": {name: texts(text) for name, text in KINDS.items()},
        "said": {name: texts(text) for name, text in WORDS.items()},
    }
