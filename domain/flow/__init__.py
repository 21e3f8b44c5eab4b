"""Voice menus (语音导航, IVR): the flow document, its checker, and the pure interpreter that runs it.

``document.py`` says what a flow may hold, ``reading.py`` reads one, ``checker.py`` finds what is wrong with
it before it is published, ``interpreter.py`` decides what happens next in a call. See ``docs/flows.md``.
"""
