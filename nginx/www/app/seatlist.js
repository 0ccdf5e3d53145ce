// The hall as a list: sections, rows, seats. What is not open is not made, however large the hall.
import { FREE } from "./hall.js";
import { price, t } from "./language.js";
import { html, useState } from "./view.js";

function countFree(indexes, statuses) {
    return indexes.reduce((sum, i) => sum + (statuses[i] === FREE ? 1 : 0), 0);
}

/** A part that shows what it holds when it is opened. */
function Fold({ name, note, children, level }) {
    const [open, setOpen] = useState(false);
    return html`<details class=${level} onToggle=${(event) => setOpen(event.currentTarget.open)}>
        <summary><span>${name}</span> <span class="quiet">${note}</span></summary>
        ${open && children()}
    </details>`;
}

function Seat({ i, hall, statuses, chosen, onToggle, describe }) {
    const mine = chosen.has(i);
    return html`<li><button type="button" class="seat" aria-pressed=${mine} aria-label=${describe(i)}
        disabled=${statuses[i] !== FREE && !mine} onClick=${() => onToggle(i)}>${hall.seats[i].label}</button></li>`;
}

function Row({ name, indexes, ...rest }) {
    const { hall, statuses } = rest;
    const prices = [...new Set(indexes.map((i) => hall.seats[i].price))].map(price).join(", ");
    return html`<${Fold} level="row" name=${t("row", name)}
        note=${`${prices} · ${t("free_of", countFree(indexes, statuses), indexes.length)}`}>
        ${() => html`<ul class="row-seats">${indexes.map((i) => html`<${Seat} key=${i} i=${i} ...${rest} />`)}</ul>`}
    <//>`;
}

export function SeatList(props) {
    const { hall, statuses } = props;
    return html`<div class="list">${hall.sections.map((section) => html`
        <${Fold} key=${section.name} level="section" name=${t("section", section.name)}
            note=${t("free_of", countFree(section.indexes, statuses), section.indexes.length)}>
            ${() => [...section.rows].map(([name, indexes]) =>
                html`<${Row} key=${name} name=${name} indexes=${indexes} ...${props} />`)}
        <//>`)}</div>`;
}
