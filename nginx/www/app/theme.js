// Light or dark: as chosen, or else as the browser has it. tokens.css goes by the root's data-theme.
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

const NAMED = 6; // colours that tokens.css names
const LIGHTNESS = { light: [0.4, 0.53], dark: [0.84, 0.7] };

/** A colour for each of so many prices, as they are in the theme; no two are the same. */
export function priceColours(count) {
    if (count <= NAMED) {
        const style = getComputedStyle(document.documentElement);
        return Array.from({ length: count }, (_, tier) => style.getPropertyValue(`--tier-${tier}`).trim());
    }
    return Array.from({ length: count }, (_, tier) =>
        `oklch(${LIGHTNESS[theme.value][tier % 2]} 0.13 ${(320 + (tier * 360) / count) % 360})`);
}

/** The swatches of a legend: what each of the prices is called, in its colour. */
export function PriceSwatches({ prices, nameOf }) {
    useCell(theme);
    const colours = priceColours(prices.length);
    return prices.map((price, tier) => html`<li key=${price}>
        <span class="swatch" style=${{ background: colours[tier] }} aria-hidden="true"></span>${nameOf(price)}</li>`);
}
