// Choosing seats of a hall: on its map or by their names; shared by the box office and the plan of a hall.
import { number, t } from "./language.js";
import { Choice, Field, seatName } from "./opsparts.js";
import { say } from "./opstext.js";
import { PriceSwatches } from "./theme.js";
import { html, useState } from "./view.js";

const LISTED = 12; // chosen seats that are named

/** The chosen seats by their indexes: {chosen, toggle(index), add(indexes), clear()}. */
export function useChoice() {
    const [chosen, setChosen] = useState(new Set());
    return {
        chosen,
        toggle: (i) => setChosen((before) => {
            const after = new Set(before);
            if (!after.delete(i)) after.add(i);
            return after;
        }),
        add: (indexes) => setChosen((before) => new Set([...before, ...indexes])),
        clear: () => setChosen(new Set()),
    };
}

/** The seats with these indexes, in their order. */
export function seatsOf(seats, indexes) {
    return [...indexes].sort((a, b) => a - b).map((i) => seats[i]);
}

/** The seats of a row from one label to another, both of which may be left out; none where there is no such label. */
function labelled(hall, indexes, from, to) {
    const labels = indexes.map((i) => hall.seats[i].label);
    const first = from === "" ? 0 : labels.indexOf(from);
    const last = to === "" ? (from === "" ? labels.length - 1 : first) : labels.indexOf(to);
    return first < 0 || last < 0 ? [] : indexes.slice(Math.min(first, last), Math.max(first, last) + 1);
}

/** Chooses seats by their names, for who knows them or has no pointer. */
export function Pick({ hall, onPick }) {
    const [section, setSection] = useState(hall.sections[0].name);
    const [row, setRow] = useState("");
    const [said, setSaid] = useState("");
    const found = hall.sections.find((one) => one.name === section) ?? hall.sections[0];
    const submit = (event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const picked = row === "" ? found.indexes : labelled(hall, found.rows.get(row), form.get("from").trim(), form.get("to").trim());
        setSaid(picked.length ? "" : say("found_none"));
        onPick(picked);
    };
    const choose = (event) => {
        setSection(event.currentTarget.value);
        setRow("");
    };
    return html`<form onSubmit=${submit} aria-label=${say("pick")}><div class="fields">
        <${Choice} label=${say("section")} value=${section} onChange=${choose} options=${hall.sections.map(({ name }) => [name, name])} />
        <${Choice} label=${say("row")} value=${row} onChange=${(event) => setRow(event.currentTarget.value)}
            options=${[["", say("all")], ...[...found.rows.keys()].map((name) => [name, name])]} />
        ${row !== "" && html`<${Field} label=${say("seat_from")} name="from" maxlength="32" /><${Field} label=${say("seat_to")} name="to" maxlength="32" />`}
        </div><p><button>${say("pick")}</button></p><p role="status" class="error">${said}</p></form>`;
}

/** Marks the chosen seats as one of `kinds`: onMark(kind, note), with a note for buyers where the kind has one. */
export function Mark({ kinds, disabled, onMark }) {
    const [kind, setKind] = useState("plain");
    const submit = (event) => {
        event.preventDefault();
        onMark(kind, new FormData(event.currentTarget).get("note")?.trim());
    };
    return html`<form class="together" onSubmit=${submit}>
        <${Choice} label=${say("seat_kind")} value=${kind} onChange=${(event) => setKind(event.currentTarget.value)} options=${kinds.map((one) => [one, say(`kind_${one}`)])} />
        ${kind !== "plain" && kind !== "withheld" && html`<${Field} label=${say("kind_note")} name="note" maxlength="100" />`}
        <button disabled=${disabled}>${say("mark")}</button></form>`;
}

/** What a seat is beside its name, as far as anything is to be said. */
export function kindOf({ kind, note }) {
    return [kind && say(`kind_${kind}`), note].filter(Boolean);
}

/** Names the chosen seats; `under` is what is said below a name, `beside` what is beside it; `help` is for none. */
export function Chosen({ seats, help, under, beside, onClear, children }) {
    return html`<section class="chosen" aria-label=${say("chosen")}><h2>${say("chosen_count", seats.length)}</h2>
        ${seats.length === 0 ? html`<p class="quiet">${help}</p>` : html`
            <ul>${seats.slice(0, LISTED).map((seat) => html`<li key=${seat.seatId}><span>${seatName(seat)}
                <span class="quiet under">${under(seat)}</span></span>${beside?.(seat)}</li>`)}</ul>
            ${seats.length > LISTED && html`<p>${say("and_more", seats.length - LISTED)}</p>`}
            <p><button type="button" onClick=${onClear}>${say("choose_none")}</button></p>`}
        ${children}</section>`;
}

/** The colours of prices (null: none yet), and `signs`: [text, class of the swatch]. */
export function Legend({ prices, signs }) {
    return html`<section class="legend" aria-label=${t("seats_legend")}><ul>
        <${PriceSwatches} prices=${prices} nameOf=${(price) => (price === null ? say("no_price") : number(price))} />
        ${signs.map(([text, kind]) => html`<li key=${text}><span class="swatch ${kind}" aria-hidden="true"></span>${text}</li>`)}</ul></section>`;
}
