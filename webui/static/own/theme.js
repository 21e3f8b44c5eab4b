// Before anything is drawn: dark where the reader's system is and he chose nothing.
if (window.matchMedia("(prefers-color-scheme: dark)").matches) document.documentElement.dataset.bsTheme = "dark";
