// The seats of a date: who has them; to sell or give them, withhold them, mark them and change their prices.
import { number, t } from "./language.js";
import { areasOf, AreaTable, PickPlaces } from "./opsareas.js";
import { change, may, useRead } from "./opscall.js";
import { Chosen, kindOf, Legend, Mark, Pick, seatsOf, useChoice } from "./opschoose.js";
import { hallOf, rangesOf, readSeats } from "./opshall.js";
import { userLink } from "./opsorders.js";
import { Choice, Field, paid, Refusal, useAct, useDraft, venueTime, Waiting } from "./opsparts.js";
import { say } from "./opstext.js";
import { confirm } from "./parts.js";
import { SeatMap } from "./seatmap.js";
import { NAME, NAME_MAX } from "./user.js";
import { html, useEffect, useMemo, useState } from "./view.js";

const AT_ONCE = 8; // seats in one sale
const KINDS = ["plain", "restricted", "wheelchair", "companion"];
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
    return [t("seat_name", seat.section, seat.row, seat.label), ...kindOf(seat), say(`seat_${seat.status}`), seat.userId].filter(Boolean).join(", ");
}

/** Who has a seat, and by which order; nothing of a free one. */
function buyerOf({ reservationId, userId }) {
    return reservationId && html`<span>${userLink(userId)}<span class="under">
        <a href="#/order/${reservationId}">${say("order_of", reservationId)}</a></span></span>`;
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
            return html`${say("sold_now", seats.length)} ${!isGuest && say("sold_sum", paid(order.totalPrice, method))} <a href="#/order/${order.reservationId}">${say("order_of", order.reservationId)}</a>`;
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

/** Ranges of seats with what they are to be. */
function changeOf(seats, members) {
    return rangesOf(seats.map(({ seatId }) => seatId)).map((range) => ({ ...range, ...members }));
}

/** Withholds the chosen seats, sells them again, marks them, or changes their price. `all`: of the date. */
function Change({ concert, itemId, seats, all, onDone }) {
    const [said, run, isRunning] = useAct();
    const path = `/admin/concert/${concert.concertId}/item/${itemId}`;
    const set = (chosen, members, beside = []) => run(async () => {
        const body = { seats: [...changeOf(chosen, members), ...beside] };
        const answer = await change("PATCH", path, body).finally(() => onDone(false));
        return say("seats_changed", answer.changedSeats);
    });
    const free = seats.filter(({ status }) => status === "available");
    const blocked = seats.filter(({ status }) => status === "blocked");
    const mark = (kind, note) => {
        // a companion's place belongs to a wheelchair place beside it, which the call has to name
        const chosen = new Set(seats.map(({ seatId }) => seatId));
        const single = all.filter((seat) => kind === "companion" && seat.kind === "wheelchair" && !seat.partnerId &&
            !chosen.has(seat.seatId) && (chosen.has(seat.seatId - 1) || chosen.has(seat.seatId + 1)));
        set(seats, { kind, note: note || null }, changeOf(single, { kind: "wheelchair" }));
    };
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
        <${Mark} kinds=${KINDS} disabled=${seats.length === 0 || isRunning} onMark=${mark} />
        <form class="together" onSubmit=${reprice}>
            <${Field} label=${say("new_price")} name="newPrice" type="number" min="0" max="1000000000" required />
            <button disabled=${seats.length === 0 || isRunning}>${say("reprice")}</button>
        </form>${said}</section>`;
}

const STATES = [["available", "free"], ["held", "held"], ["sold", "sold"], ["blocked", "blocked"]];
const SIGNS = [["seat_held", "held"], ["seat_sold", "sold"], ["seat_blocked", "held sold"]];

function Hall({ concert, item, readItems }) {
    const { itemId } = item;
    const [plan, problem, again] = useSeats(concert.concertId, item);
    const { chosen, toggle, add, clear } = useChoice();
    const all = useMemo(() => (plan ? [...plan.hall.seats, ...plan.places] : []), [plan]); // as they are chosen by their indexes
    const seats = useMemo(() => seatsOf(all, chosen), [all, chosen]);
    const onMap = useMemo(() => new Set([...chosen].filter((i) => i < plan?.hall.count)), [plan, chosen]);
    if (!plan) return html`<${Waiting} problem=${problem} again=${again} />`;
    const { hall, statuses, places } = plan;
    const areas = areasOf(places);
    const pickPlaces = (picked) => {
        const wanted = new Set(picked);
        add(all.flatMap((seat, i) => (wanted.has(seat) ? [i] : [])));
    };
    const onDone = (isSold) => {
        if (isSold) clear();
        again();
        readItems(); // the layout may have another version
    };
    const props = { concert, itemId, seats, onDone };
    return html`${problem && html`<${Refusal} problem=${problem} again=${again} />`}
        <div class="hall"><div class="hall-view">
            ${areas.length > 0 && html`<${AreaTable} areas=${areas} states=${STATES.map(([status, name]) => [say(name), status])} />`}
            ${hall.count > 0 && html`<${Legend} prices=${hall.prices} signs=${SIGNS.map(([name, kind]) => [say(name), kind])} />
                <${SeatMap} hall=${hall} statuses=${statuses} chosen=${onMap} onToggle=${toggle} describe=${(i) => describe(hall.seats[i])} />`}</div>
            <div class="hall-side">
                ${hall.count > 0 && html`<${Pick} hall=${hall} onPick=${add} />`}
                ${areas.length > 0 && html`<${PickPlaces} areas=${areas} states=${STATES.map(([status, name]) => [status, say(name)])} onPick=${pickPlaces} />`}
                <${Chosen} seats=${seats} help=${say("chosen_none")} onClear=${clear}
                    under=${(seat) => [say(`seat_${seat.status}`), ...kindOf(seat), number(seat.price)].join(" · ")} beside=${buyerOf} />
                ${item.status === "open" && concert.status !== "cancelled" && html`<${Sell} ...${props} />${may("manager") && html`<${Change} ...${props} all=${all} />`}`}
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
