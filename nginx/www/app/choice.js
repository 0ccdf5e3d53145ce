// What somebody has chosen of a hall, and what comes in its place when another one was faster.
import { FREE, nearestSeats } from "./hall.js";
import { price, t } from "./language.js";
import { announce } from "./parts.js";
import { html, useEffect, useState } from "./view.js";

export function shortName(hall, i) {
    const { section, row, label } = hall.seats[i];
    return t("seat_short", section, row, label);
}

function names(hall, indexes) {
    return indexes.map((i) => shortName(hall, i)).join(", ");
}

const STATUS_NAMES = ["seat_available", "seat_held", "seat_sold"];

export function describeSeat(hall, statuses, chosen, own, i) {
    const { section, row, label, price: amount } = hall.seats[i];
    const status = own.has(i) ? "seat_own" : chosen.has(i) ? "seat_mine" : STATUS_NAMES[statuses[i]];
    return `${t("seat_name", section, row, label)}, ${price(amount)}, ${t(status)}`;
}

/**
 * The choice: it keeps to the limit, and is asked about when others take of it. `told` are lines to show beside the
 * button; `offer` are the seats that could come in place of the choice, or null.
 */
export function useChoice(hall, statuses, own, most) {
    const [chosen, setChosen] = useState(() => new Set());
    const [offer, setOffer] = useState(null);
    const [told, tell] = useState([]);
    const lose = (lost, after) => {
        const wanted = chosen.size ? [...chosen] : lost;
        const found = nearestSeats(hall, after, wanted);
        setChosen(new Set([...chosen].filter((i) => !lost.includes(i))));
        setOffer(found);
        tell([t("seats_gone", names(hall, lost)), found ? t("seats_offer", names(hall, found)) : t("seats_offer_none")]);
    };
    useEffect(() => {
        const lost = [...chosen, ...offer ?? []].filter((i) => statuses[i] !== FREE && !own.has(i));
        if (lost.length) lose([...new Set(lost)], statuses);
    }, [statuses]);
    const refuse = () => {
        setOffer(null);
        tell([]);
    };
    const toggle = (i) => {
        if (own.has(i)) {
            tell([t("seat_own_say")]);
            return;
        }
        if (statuses[i] !== FREE) {
            announce(describeSeat(hall, statuses, chosen, own, i));
            return;
        }
        const after = new Set(chosen);
        if (!after.delete(i)) {
            if (after.size === most) {
                tell([t("chosen_most", most)]);
                return;
            }
            after.add(i);
        }
        setChosen(after);
        refuse();
        announce(describeSeat(hall, statuses, after, own, i));
    };
    return { chosen, offer, told, tell, lose, refuse, toggle };
}

function Chosen({ hall, chosen, onToggle }) {
    return html`<ul class="chosen">${[...chosen].map((i) => html`<li key=${i}>
        <span>${shortName(hall, i)}</span><span class="quiet">${price(hall.seats[i].price)}</span>
        <button type="button" class="small" aria-label=${t("remove_seat", shortName(hall, i))}
            onClick=${() => onToggle(i)}>×</button></li>`)}</ul>`;
}

/** The choice before there is a hall to choose from. */
export function NoChoice({ most, children }) {
    return html`<section class="card choice" aria-labelledby="choice">
        <h2 id="choice">${t("chosen_title")}</h2>
        ${children}
        <${NoneChosen} most=${most} />
    </section>`;
}

function NoneChosen({ most }) {
    return html`<p class="quiet">${t("chosen_none")} ${t("chosen_most", most)}</p>`;
}

/** The choice with its total and button; on a phone it stays at the foot of the screen. `children` is the turn. */
export function Choice({ hall, choice, most, busy, disabled, onHold, children }) {
    const { chosen, offer, told } = choice;
    if (hall.count === 0 && told.length === 0 && ![children].flat().some(Boolean)) return null; // of areas nothing is chosen here
    const total = (indexes) => price(indexes.reduce((sum, i) => sum + hall.seats[i].price, 0));
    const hold = (indexes, name) => html`<button type="button" class="primary wide" disabled=${disabled || indexes.length === 0}
        onClick=${() => onHold(indexes)}>
        ${busy ? t("holding") : `${t(name, indexes.length)}${indexes.length ? ` · ${total(indexes)}` : ""}`}</button>`;
    return html`<section class="card choice" aria-labelledby="choice">
        <h2 id="choice">${t("chosen_title")}</h2>
        ${children}
        ${chosen.size === 0 && !told.length && hall.count > 0 && html`<${NoneChosen} most=${most} />`}
        ${!offer && html`<${Chosen} hall=${hall} chosen=${chosen} onToggle=${choice.toggle} />`}
        <div role="alert">${told.length > 0 && html`<div class="notice lost">${told.map((line) => html`<p>${line}</p>`)}</div>`}</div>
        ${offer
            ? html`${hold(offer, "seats_offer_take")}
                <button type="button" class="wide" disabled=${busy} onClick=${choice.refuse}>${t("seats_offer_refuse")}</button>`
            : hall.count > 0 && hold([...chosen], "chosen_hold")}
    </section>`;
}
