// The seats of a date: who has them; to sell or give them, withhold them and change their prices.
import { number, t } from "./language.js";
import { change, may, useRead } from "./opscall.js";
import { hallOf, rangesOf, readSeats } from "./opshall.js";
import { userLink } from "./opsorders.js";
import { Choice, Field, paid, Refusal, seatName, useAct, useDraft, venueTime, Waiting } from "./opsparts.js";
import { say } from "./opstext.js";
import { confirm } from "./parts.js";
import { SeatMap } from "./seatmap.js";
import { NAME, NAME_MAX } from "./user.js";
import { html, useEffect, useMemo, useState } from "./view.js";

const AT_ONCE = 8; // seats in one sale
const LISTED = 12; // chosen seats that are named
const READ_AGAIN_MS = 10000;
const SMALL = 10000; // seats that are one page of an export: such a hall is read again and again

/** [{hall, statuses}, problem, again] of a date. */
function useSeats(concertId, { itemId, layoutVersion }) {
    const [state, setState] = useState({});
    const [turn, setTurn] = useState(0);
    useEffect(() => {
        const left = new AbortController();
        let timer;
        const look = async () => {
            let isSmall = true;
            try {
                if (!document.hidden) {
                    const seats = await readSeats(concertId, { itemId, layoutVersion }, left.signal);
                    isSmall = seats.length <= SMALL;
                    setState((before) => ({ itemId, plan: hallOf(seats, before.itemId === itemId ? before.plan : null) }));
                }
            } catch (problem) {
                if (!left.signal.aborted) setState((before) => ({ ...before, problem }));
            }
            if (isSmall && !left.signal.aborted) timer = setTimeout(look, READ_AGAIN_MS);
        };
        look();
        return () => {
            left.abort();
            clearTimeout(timer);
        };
    }, [concertId, itemId, layoutVersion, turn]);
    return [state.itemId === itemId ? state.plan : null, state.problem, () => setTurn((before) => before + 1)];
}

function describe(seat) {
    return [t("seat_name", seat.section, seat.row, seat.label), say(`seat_${seat.status}`), seat.userId].filter(Boolean).join(", ");
}

function Chosen({ seats, onClear }) {
    return html`<section class="chosen" aria-label=${say("chosen")}><h2>${say("chosen_count", seats.length)}</h2>
        ${seats.length === 0 ? html`<p class="quiet">${say("chosen_none")}</p>` : html`
            <ul>${seats.slice(0, LISTED).map((seat) => html`<li key=${seat.seatId}><span>${seatName(seat)}<span class="quiet under">
                ${say(`seat_${seat.status}`)} · ${number(seat.price)}</span></span>
                ${seat.reservationId && html`<span>${userLink(seat.userId)}<span class="under">
                    <a href="#/order/${seat.reservationId}">${say("order_of", seat.reservationId)}</a></span></span>`}</li>`)}</ul>
            ${seats.length > LISTED && html`<p>${say("and_more", seats.length - LISTED)}</p>`}
            <p><button type="button" onClick=${onClear}>${say("choose_none")}</button></p>`}</section>`;
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

/** Sells or gives the chosen seats. */
function Sell({ concert, itemId, seats, onDone }) {
    const [said, run, isRunning] = useAct();
    const draft = useDraft(`sell.${itemId}`);
    const [method, setMethod] = useState(draft.of("method", "box_office"));
    const [price, setPrice] = useState(draft.of("price"));
    const isGuest = method === "guest";
    const total = isGuest ? 0 : price === "" ? seats.reduce((sum, seat) => sum + seat.price, 0) : Number(price) * seats.length;
    const isFit = seats.length > 0 && seats.length <= AT_ONCE && seats.every(({ status }) => status === "available");
    const submit = (event) => {
        event.preventDefault();
        const userId = new FormData(event.currentTarget).get("userId");
        run(async () => {
            const body = { userId, concertId: concert.concertId, itemId, seatIds: seats.map(({ seatId }) => seatId), method };
            const order = await change("POST", "/admin/reservation", isGuest || price === "" ? body : { ...body, price: Number(price) })
                .catch((problem) => { onDone(false); throw problem; });
            draft.clear();
            setPrice("");
            onDone(true);
            return html`${say("sold_now", seats.length)} <a href="#/order/${order.reservationId}">${say("order_of", order.reservationId)}</a>`;
        });
    };
    return html`<section class="card" aria-label=${say("box_office")}><h2>${say("box_office")}</h2>
        <form onSubmit=${submit} ...${draft.form}><div class="fields">
            <${Field} label=${say("buyer")} name="userId" required pattern=${NAME} maxlength=${NAME_MAX} autocapitalize="none" spellcheck=${false}
                defaultValue=${draft.of("userId")} help=${say("buyer_help")} />
            <${Choice} label=${say("method")} name="method" value=${method} onChange=${(event) => setMethod(event.currentTarget.value)}
                options=${[["box_office", say("method_box_office")], ["guest", say("method_guest")]]} />
            ${!isGuest && html`<${Field} label=${say("price_each")} name="price" type="number" min="0" max="1000000000" value=${price}
                placeholder=${say("price_of_seat")} onInput=${(event) => setPrice(event.currentTarget.value)} />`}
        </div>
        ${!isFit && html`<p class="help">${say("sell_help", AT_ONCE)}</p>`}
        <p><button class="primary" disabled=${!isFit || isRunning}>${isFit
            ? say(isGuest ? "give_seats" : "sell_seats", seats.length, paid(total, method)) : say("sell")}</button></p>
        </form>${said}</section>`;
}

/** Withholds the chosen seats, sells them again, or changes their price. */
function Change({ concert, itemId, seats, onDone }) {
    const [said, run, isRunning] = useAct();
    const path = `/admin/concert/${concert.concertId}/item/${itemId}`;
    const set = (chosen, members) => run(async () => {
        const body = { seats: rangesOf(chosen.map(({ seatId }) => seatId)).map((range) => ({ ...range, ...members })) };
        const answer = await change("PATCH", path, body).finally(() => onDone(false));
        return say("seats_changed", answer.changedSeats);
    });
    const free = seats.filter(({ status }) => status === "available");
    const blocked = seats.filter(({ status }) => status === "blocked");
    const reprice = async (event) => {
        event.preventDefault();
        const price = Number(new FormData(event.currentTarget).get("newPrice"));
        const taken = seats.length - free.length - blocked.length;
        const effects = [say("reprice_effect", seats.length, number(price)), ...(taken ? [say("reprice_taken", taken)] : [])];
        if (await confirm(say("reprice_sure"), effects, say("reprice"))) set(seats, { price });
    };
    return html`<section class="card" aria-label=${say("change_seats")}><h2>${say("change_seats")}</h2>
        <div class="actions">
            <button type="button" disabled=${free.length === 0 || isRunning} onClick=${() => set(free, { blocked: true })}>${say("withhold", free.length)}</button>
            <button type="button" disabled=${blocked.length === 0 || isRunning} onClick=${() => set(blocked, { blocked: false })}>${say("release", blocked.length)}</button>
        </div>
        <form class="together" onSubmit=${reprice}>
            <${Field} label=${say("new_price")} name="newPrice" type="number" min="0" max="1000000000" required />
            <button disabled=${seats.length === 0 || isRunning}>${say("reprice")}</button>
        </form>${said}</section>`;
}

const SIGNS = [["seat_held", "held"], ["seat_sold", "sold"], ["seat_blocked", "held sold"]];

function Legend({ hall }) {
    return html`<section class="legend" aria-label=${t("seats_legend")}><ul>
        ${hall.prices.map((price, tier) => html`<li key=${price}><span class="swatch tier-${tier % 6}" aria-hidden="true"></span>${number(price)}</li>`)}
        ${SIGNS.map(([name, kind]) => html`<li key=${name}><span class="swatch ${kind}" aria-hidden="true"></span>${say(name)}</li>`)}</ul></section>`;
}

function Hall({ concert, item, readItems }) {
    const { itemId } = item;
    const [plan, problem, again] = useSeats(concert.concertId, item);
    const [chosen, setChosen] = useState(new Set());
    const seats = useMemo(() => (plan ? [...chosen].sort((a, b) => a - b).map((i) => plan.hall.seats[i]) : []), [plan, chosen]);
    if (!plan) return html`<${Waiting} problem=${problem} again=${again} />`;
    const { hall, statuses } = plan;
    const toggle = (i) => setChosen((before) => {
        const after = new Set(before);
        if (!after.delete(i)) after.add(i);
        return after;
    });
    const clear = () => setChosen(new Set());
    const onDone = (isSold) => {
        if (isSold) clear();
        again();
        readItems(); // the layout may have another version
    };
    const props = { concert, itemId, seats, onDone };
    return html`${problem && html`<${Refusal} problem=${problem} again=${again} />`}
        <div class="hall"><div><${Legend} hall=${hall} />
            <${SeatMap} hall=${hall} statuses=${statuses} chosen=${chosen} onToggle=${toggle} describe=${(i) => describe(hall.seats[i])} /></div>
            <div class="hall-side">
                <${Pick} hall=${hall} onPick=${(indexes) => setChosen(new Set([...chosen, ...indexes]))} />
                <${Chosen} seats=${seats} onClear=${clear} />
                ${item.status === "open" && concert.status !== "cancelled" && html`<${Sell} ...${props} />${may("manager") && html`<${Change} ...${props} />`}`}
            </div></div>`;
}

export default function SeatsTab({ concert, query, go }) {
    const [answer, problem, again] = useRead(`/admin/concert/${concert.concertId}/item`);
    if (!answer) return html`<${Waiting} problem=${problem} again=${again} />`;
    const item = answer.items.find(({ itemId }) => itemId === Number(query.item)) ?? answer.items[0];
    if (!item) return html`<p>${say("found_none")}</p>`;
    return html`<div class="filters"><${Choice} label=${say("date")} value=${item.itemId} onChange=${(event) => go({ ...query, item: event.currentTarget.value })}
            options=${answer.items.map((one) => [one.itemId, `${venueTime(one.startsAt, concert.timeZone)}${one.status === "open" ? "" : ` · ${say("status_cancelled")}`}`])} /></div>
        <${Hall} key=${item.itemId} concert=${concert} item=${item} readItems=${again} />`;
}
