// The plan of a hall: how a buyer will see it, and a small editor that marks, prices and moves the chosen seats.
import { BLOCKED, buildHall, FREE } from "./hall.js";
import { number, t } from "./language.js";
import { areasOf, AreaTable, isStanding } from "./opsareas.js";
import { may } from "./opscall.js";
import { Chosen, kindOf, Legend, Mark, Pick, seatsOf, useChoice } from "./opschoose.js";
import { Field, useAct } from "./opsparts.js";
import { say } from "./opstext.js";
import { SeatMap } from "./seatmap.js";
import { html, useMemo, useState } from "./view.js";

const KINDS = ["plain", "restricted", "wheelchair", "companion", "withheld"];
const DIRECTIONS = [["left", "←", -1, 0], ["up", "↑", 0, -1], ["down", "↓", 0, 1], ["right", "→", 1, 0]];

/** What a seat is beside its name. */
function about(seat) {
    return [...kindOf(seat), seat.price === null ? say("no_price") : number(seat.price)];
}

/** Whether two seats would be on one spot. */
function meet(seats) {
    const placed = seats.filter(({ x }) => x !== null);
    return new Set(placed.map(({ x, y }) => `${x} ${y}`)).size < placed.length;
}

/** What can be done to the chosen seats, if there are any; `set(change)` gives each of them the members that change(seat) returns. */
function Tools({ none, set, undo }) {
    const mark = (kind, note) => set(() => ({ kind: kind === "plain" ? undefined : kind, note: note || undefined, partnerId: undefined }));
    const price = (event) => {
        event.preventDefault();
        const value = Number(new FormData(event.currentTarget).get("price"));
        set(() => ({ price: value }));
    };
    return html`
        <${Mark} kinds=${KINDS} disabled=${none} onMark=${mark} />
        <form class="together" onSubmit=${price}>
            <${Field} label=${say("price")} name="price" type="number" min="0" max="1000000000" required />
            <button disabled=${none}>${say("set_price")}</button></form>
        <div class="actions" role="group" aria-label=${say("move")}>${DIRECTIONS.map(([name, sign, dx, dy]) => html`<button type="button" key=${name} disabled=${none}
            aria-label=${say(`move_${name}`)} onClick=${() => set(({ x, y }) => (x === null ? {} : { x: x + dx, y: y + dy }))}>${sign}</button>`)}
            <button type="button" disabled=${!undo} onClick=${undo}>${say("undo")}</button></div>`;
}

/**
 * The plan of these seats. `onKeep(name, seats)` keeps it under a name; of one that was not changed, and is new, `seats` is
 * null: the file is kept as it is. Places of standing areas stay as they are.
 */
export function PlanEditor({ seats: all, name, isNew = false, onKeep }) {
    const [places] = useState(() => all.filter(isStanding));
    const [past, setPast] = useState(() => [all.filter((seat) => !isStanding(seat))]); // the last one is what is shown
    const { chosen, toggle, add, clear } = useChoice();
    const [refusal, setRefusal] = useState("");
    const [said, run, isRunning] = useAct();
    const seats = past.at(-1);
    const hall = useMemo(() => buildHall({ seats }), [seats]);
    const statuses = useMemo(() => Uint8Array.from(seats, ({ kind }) => (kind === "withheld" ? BLOCKED : FREE)), [seats]);
    const set = (members) => {
        const changed = seats.map((seat, i) => (chosen.has(i) ? { ...seat, ...members(seat) } : seat));
        const meets = meet(changed) && !meet(seats);
        setRefusal(meets ? say("same_spot") : "");
        if (!meets) setPast([...past, changed]);
    };
    const describe = (i) => [t("seat_name", seats[i].section, seats[i].row, seats[i].label), ...about(seats[i])].join(", ");
    const submit = (event) => {
        event.preventDefault();
        const wanted = new FormData(event.currentTarget).get("as").trim();
        run(() => onKeep(wanted, isNew && past.length === 1 ? null : [...seats, ...places].sort((a, b) => a.seatId - b.seatId)));
    };
    return html`<div class="hall"><div class="hall-view">${places.length > 0 && html`<${AreaTable} areas=${areasOf(places)} />`}
            ${hall.count > 0 && html`<${Legend} prices=${hall.prices} signs=${[[say("kind_withheld"), "held sold"]]} />
            <${SeatMap} hall=${hall} statuses=${statuses} chosen=${chosen} onToggle=${toggle} describe=${describe} />`}</div>
        ${may("manager") && html`<div class="hall-side">
            ${hall.count > 0 && html`<${Pick} hall=${hall} onPick=${add} />
            <${Chosen} seats=${seatsOf(seats, chosen)} help=${say("plan_none")} under=${(seat) => about(seat).join(" · ")} onClear=${clear}>
                <${Tools} none=${chosen.size === 0} set=${set} undo=${past.length > 1 && (() => setPast(past.slice(0, -1)))} /><//>`}
            <p role="alert" class="error">${refusal}</p>
            ${(isNew || past.length > 1) && html`<form class="together" onSubmit=${submit}>
                <${Field} label=${say("hall_name")} name="as" required maxlength="60" defaultValue=${name ?? ""} />
                <button class="primary" disabled=${isRunning}>${say("hall_keep")}</button></form>`}${said}
        </div>`}</div>`;
}
