// Light or dark: as chosen, or else as the browser has it. style.css goes by the root's data-theme.
import { Cell, kept, useCell } from "./store.js";
import { t } from "./language.js";
import { html } from "./view.js";

/** "light" or "dark". */
export const theme = new Cell(null);

const chosen = kept("theme");
const dark = matchMedia("(prefers-color-scheme: dark)");

function apply() {
    const now = chosen.value ?? (dark.matches ? "dark" : "light");
    document.documentElement.dataset.theme = now;
    theme.set(now);
}

// before any view draws with the colours
chosen.listen(apply);
dark.addEventListener("change", apply);
apply();

export function ThemeSwitch() {
    const other = useCell(theme) === "dark" ? "light" : "dark";
    const name = t("theme_switch", t(`theme_${other}`));
    return html`<button type="button" aria-label=${name} title=${name} onClick=${() => chosen.set(other)}>◐</button>`;
}
