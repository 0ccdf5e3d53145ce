// One order: what it is, and its refund, whole or of single seats.
import { number } from "./language.js";
import { change, useRead } from "./opscall.js";
import { userLink } from "./opsorders.js";
import { Field, paid, seatName, Status, useAct, useDraft, venueTime, Waiting } from "./opsparts.js";
import { say } from "./opstext.js";
import { confirm, Fact, Title, usePageTitle } from "./parts.js";
import { html, useState } from "./view.js";

const REASON_MAX = 200;

/** What a refund gives back and keeps: the percentage is rounded down once over all seats. */
function refundOf(seats, percent) {
    const price = seats.reduce((sum, seat) => sum + seat.price, 0);
    const back = Math.floor((price * percent) / 100);
    return { back, fee: price - back };
}

function Refund({ order, act: [run, isRunning], again }) {
    const draft = useDraft(`refund.${order.reservationId}`);
    const [chosen, setChosen] = useState(() => {
        const all = order.seats.map(({ seatId }) => seatId);
        return new Set(draft.exists && all.length > 1 ? all.filter((seatId) => draft.has("seat", seatId)) : all);
    });
    const [percent, setPercent] = useState(Number(draft.of("percent", "100")));
    const seats = order.seats.filter(({ seatId }) => chosen.has(seatId));
    const method = order.method ?? "points";
    const { back, fee } = refundOf(seats, percent);
    const effects = [
        say(method === "points" ? "refund_points" : "refund_box_office", number(seats.length), paid(back, method), order.userId),
        ...(fee > 0 ? [say("refund_fee", paid(fee, method))] : []),
        say(seats.length === order.seats.length ? "refund_all" : "refund_rest", order.seats.length - seats.length),
    ];
    const toggle = (seatId) => setChosen((before) => {
        const after = new Set(before);
        if (!after.delete(seatId)) after.add(seatId);
        return after;
    });
    const submit = async (event) => {
        event.preventDefault();
        const reason = new FormData(event.currentTarget).get("reason");
        if (!await confirm(say("refund_sure", order.reservationId), effects, say("refund"))) return;
        run(async () => {
            const body = { reason, percent, ...(seats.length < order.seats.length && { seatIds: [...chosen] }) };
            const answer = await change("POST", `/admin/reservation/${order.reservationId}/refund`, body);
            draft.clear();
            again();
            return say("refunded", paid(answer.refundedAmount, method));
        });
    };
    return html`<section class="card" aria-label=${say("refund")}><h2>${say("refund")}</h2>
        <form onSubmit=${submit} ...${draft.form}>
            ${order.seats.length > 1 && html`<fieldset><legend>${say("seats")}</legend>${order.seats.map((seat) => html`<label class="check" key=${seat.seatId}>
                <input type="checkbox" name="seat" value=${seat.seatId} checked=${chosen.has(seat.seatId)} onChange=${() => toggle(seat.seatId)} />
                <span>${seatName(seat)} · ${paid(seat.price, method)}</span></label>`)}</fieldset>`}
            <div class="fields">
                <${Field} label=${say("percent")} name="percent" type="number" min="0" max="100" required value=${percent}
                    onInput=${(event) => setPercent(Number(event.currentTarget.value))} />
                <${Field} label=${say("reason")} name="reason" required maxlength=${REASON_MAX} defaultValue=${draft.of("reason")} help=${say("reason_help")} />
            </div>
            <div class="notice" role="status">${effects.map((effect) => html`<p key=${effect}>${effect}</p>`)}</div>
            <p><button class="primary" disabled=${seats.length === 0 || isRunning}>${say("refund")}</button></p>
        </form></section>`;
}

function Seats({ name, seats, method }) {
    return seats?.length > 0 && html`<section><h2>${name}</h2><ul class="lines">${seats.map((seat) => html`<li key=${seat.seatId}>
        <span>${seatName(seat)}</span><span>${paid(seat.price, method)}</span></li>`)}</ul></section>`;
}

function Order({ order, again }) {
    const [said, ...act] = useAct();
    const { concertId, itemId, payment, method } = order;
    const [concert] = useRead(`/admin/concert/${concertId}`);
    const [items] = useRead(`/admin/concert/${concertId}/item`);
    const item = items?.items.find((one) => one.itemId === itemId);
    const when = (instant) => (concert ? venueTime(instant, concert.timeZone) : "");
    return html`
        <p class="facts"><${Status} status=${order.status} /><span>${say("buyer")} ${userLink(order.userId)}</span>
            <span><a href="#/concert/${concertId}">${concert?.title ?? concertId}</a></span>
            ${item && html`<span><a href="#/concert/${concertId}/seats?item=${itemId}">${when(item.startsAt)}</a></span>`}</p>
        <dl class="facts-list">
            <${Fact} name=${say("price")}>${paid(order.totalPrice, method)}<//>
            <${Fact} name=${say("created_at")}>${when(order.createdAt)}<//>
            ${order.status === "held" && html`<${Fact} name=${say("expires_at")}>${when(order.expiresAt)}<//>`}
            ${payment && html`<${Fact} name=${say("paid_at")}>${when(payment.paidAt)}<//>
                <${Fact} name=${say("method")}>${say(`method_${payment.method}`)}${payment.paymentId ? ` · ${payment.paymentId}` : ""}<//>
                <${Fact} name=${say("given_back")}>${paid(payment.refundedAmount, method)}<//>
                <${Fact} name=${say("fee")}>${paid(payment.fee, method)}<//>`}
        </dl>
        <${Seats} name=${say("seats")} seats=${order.seats} method=${method} />
        <${Seats} name=${say("returned_seats")} seats=${order.returnedSeats} method=${method} />
        ${said}
        ${order.status === "paid" && html`<${Refund} order=${order} act=${act} again=${again} key=${order.seats.length} />`}`;
}

export default function OrderPage({ ids: [reservationId] }) {
    const [answer, problem, again] = useRead(`/admin/reservation?ref=${reservationId}`);
    usePageTitle(say("order_of", reservationId));
    const order = answer?.reservations.find((one) => one.reservationId === Number(reservationId));
    return html`<${Title} kicker=${html`<a href="#/orders">${say("orders")}</a>`}>${say("order_of", reservationId)}<//>
        ${!answer ? html`<${Waiting} problem=${problem} again=${again} />`
            : !order ? html`<p>${say("found_none")}</p>` : html`<${Order} order=${order} again=${again} />`}`;
}
