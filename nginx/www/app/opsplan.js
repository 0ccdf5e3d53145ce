// The plan of a hall: how a buyer will see it, and a small editor that marks, prices and moves the chosen seats.
import { BLOCKED, buildHall, FREE } from "./hall.js";
import { number, t } from "./language.js";
import { may } from "./opscall.js";
import { Choice, Field, seatName, useAct } from "./opsparts.js";
import { Pick } from "./opsseats.js";
import { say } from "./opstext.js";
import { SeatMap } from "./seatmap.js";
import { html, useMemo, useState } from "./view.js";

const KINDS = ["plain", "restricted", "wheelchair", "companion", "withheld"];
const LISTED = 12; // chosen seats that are named
const DIRECTIONS = [["left", "←", -1, 0], ["up", "↑", 0, -1], ["down", "↓", 0, 1], ["right", "→", 1, 0]];

function describe({ section, row, label, kind, note, price }) {
    return [t("seat_name", section, row, label), kind && say(`kind_${kind}`), note, price === null ? say("no_price") : number(price)].filter(Boolean).join(", ");
}

/** Whether two seats would be on one spot. */
function meet(seats) {
    const spots = new Set(seats.filter(({ x }) => x !== null).map(({ x, y }) => `${x} ${y}`));
    return spots.size < seats.filter(({ x }) => x !== null).length;
}

function Legend({ hall }) {
    return html`<section class="legend" aria-label=${t("seats_legend")}><ul>
        ${hall.prices.map((price, tier) => html`<li key=${price}><span class="swatch tier-${tier % 6}" aria-hidden="true"></span>${price === null ? say("no_price") : number(price)}</li>`)}
        <li><span class="swatch held sold" aria-hidden="true"></span>${say("kind_withheld")}</li></ul></section>`;
}

/** What can be done to the chosen seats; `set(change)` gives each of them the members that change(seat) returns. */
function Tools({ chosen, set, undo }) {
    const [kind, setKind] = useState("plain");
    const mark = (event) => {
        event.preventDefault();
        const note = new FormData(event.currentTarget).get("note")?.trim();
        set(() => ({ kind: kind === "plain" ? undefined : kind, note: note || undefined, partnerId: undefined }));
    };
    const price = (event) => {
        event.preventDefault();
        const value = Number(new FormData(event.currentTarget).get("price"));
        set(() => ({ price: value }));
    };
    const none = chosen.length === 0;
    return html`<section class="chosen" aria-label=${say("chosen")}><h2>${say("chosen_count", chosen.length)}</h2>
        ${none ? html`<p class="quiet">${say("plan_none")}</p>` : html`<ul>${chosen.slice(0, LISTED).map((seat) => html`<li key=${seat.seatId}><span>${seatName(seat)}
            <span class="quiet under">${[seat.kind && say(`kind_${seat.kind}`), seat.note, seat.price === null ? say("no_price") : number(seat.price)].filter(Boolean).join(" · ")}</span></span></li>`)}</ul>
            ${chosen.length > LISTED && html`<p>${say("and_more", chosen.length - LISTED)}</p>`}`}
        <form class="together" onSubmit=${mark}>
            <${Choice} label=${say("seat_kind")} value=${kind} onChange=${(event) => setKind(event.currentTarget.value)} options=${KINDS.map((one) => [one, say(`kind_${one}`)])} />
            ${kind !== "plain" && kind !== "withheld" && html`<${Field} label=${say("kind_note")} name="note" maxlength="100" />`}
            <button disabled=${none}>${say("mark")}</button></form>
        <form class="together" onSubmit=${price}>
            <${Field} label=${say("price")} name="price" type="number" min="0" max="1000000000" required />
            <button disabled=${none}>${say("set_price")}</button></form>
        <div class="actions" role="group" aria-label=${say("move")}>${DIRECTIONS.map(([name, sign, dx, dy]) => html`<button type="button" key=${name} disabled=${none}
            aria-label=${say(`move_${name}`)} onClick=${() => set(({ x, y }) => (x === null ? {} : { x: x + dx, y: y + dy }))}>${sign}</button>`)}
            <button type="button" disabled=${!undo} onClick=${undo}>${say("undo")}</button></div></section>`;
}

/**
 * The plan of these seats. `onKeep(name, seats)` keeps it under a name; of one that was not changed, and is new, `seats` is
 * null: the file is kept as it is.
 */
export function PlanEditor({ seats: initial, name, isNew = false, onKeep }) {
    const [past, setPast] = useState([initial]); // the last one is what is shown
    const [chosen, setChosen] = useState(new Set()); // indexes
    const [refusal, setRefusal] = useState("");
    const [said, run, isRunning] = useAct();
    const seats = past.at(-1);
    const hall = useMemo(() => buildHall({ seats }), [seats]);
    const statuses = useMemo(() => Uint8Array.from(seats, ({ kind }) => (kind === "withheld" ? BLOCKED : FREE)), [seats]);
    const toggle = (i) => setChosen((before) => {
        const after = new Set(before);
        if (!after.delete(i)) after.add(i);
        return after;
    });
    const set = (members) => {
        const changed = seats.map((seat, i) => (chosen.has(i) ? { ...seat, ...members(seat) } : seat));
        const meets = meet(changed) && !meet(seats);
        setRefusal(meets ? say("same_spot") : "");
        if (!meets) setPast([...past, changed]);
    };
    const submit = (event) => {
        event.preventDefault();
        const wanted = new FormData(event.currentTarget).get("as").trim();
        run(() => onKeep(wanted, isNew && past.length === 1 ? null : seats));
    };
    const list = [...chosen].sort((a, b) => a - b).map((i) => seats[i]);
    return html`<div class="hall"><div><${Legend} hall=${hall} />
            <${SeatMap} hall=${hall} statuses=${statuses} chosen=${chosen} onToggle=${toggle} describe=${(i) => describe(seats[i])} /></div>
        ${may("manager") && html`<div class="hall-side">
            <${Pick} hall=${hall} onPick=${(indexes) => setChosen(new Set([...chosen, ...indexes]))} />
            <p><button type="button" disabled=${chosen.size === 0} onClick=${() => setChosen(new Set())}>${say("choose_none")}</button></p>
            <${Tools} chosen=${list} set=${set} undo=${past.length > 1 && (() => setPast(past.slice(0, -1)))} />
            <p role="alert" class="error">${refusal}</p>
            ${(isNew || past.length > 1) && html`<form class="together" onSubmit=${submit}>
                <${Field} label=${say("hall_name")} name="as" required maxlength="60" defaultValue=${name ?? ""} />
                <button class="primary" disabled=${isRunning}>${say("hall_keep")}</button></form>`}${said}
        </div>`}</div>`;
}
