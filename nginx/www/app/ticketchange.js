// What a concert may allow with what is paid: to give an order to another user, and single seats of it back. Loaded
// where there is something of it to show.
import { About } from "./hold.js";
import { moment, points, refusal, t } from "./language.js";
import { confirm, tell } from "./parts.js";
import { perform } from "./pending.js";
import { say } from "./ticketchangetext.js";
import { refundEffects, seatName } from "./tickets.js";
import { by, NAME, NAME_MAX, user, who } from "./user.js";
import { html, useState } from "./view.js";

/** Makes calls of a card: [what was refused, whether one is under way, make]. What was done is told. */
function useCalls(onChanged) {
    const [{ problem, busy }, setState] = useState({});
    const make = async (name, call, saidOf) => {
        setState({ busy: true });
        try {
            tell(saidOf(await perform(name, call)));
            setState({});
            document.querySelector("h1")?.focus({ preventScroll: true }); // what was pressed goes away
            onChanged();
        } catch (refused) {
            setState({ problem: refused });
        }
    };
    return [problem, busy, make];
}

function Problem({ problem }) {
    if (!problem) return null;
    return html`<p class="error" role="alert">${say(`refused_${problem.code}`) ?? refusal(problem)}</p>`;
}

function until({ expiresAt }) {
    return moment(expiresAt, { dateStyle: "medium", timeStyle: "short" });
}

function endCall({ transferId }) {
    return [`transfer.end.${transferId}`, { method: "DELETE", path: who(`/transfer/${transferId}`) }];
}

// ---- offers to the user

function Offer({ offer, about, onChanged }) {
    const [problem, busy, make] = useCalls(onChanged);
    const accept = () => make(`transfer.accept.${offer.transferId}`,
        { method: "POST", path: `/transfer/${offer.transferId}/accept`, body: by({}) }, () => say("accepted"));
    const decline = async () => {
        if (await confirm(say("decline_sure", offer.fromUserId))) make(...endCall(offer), () => say("declined"));
    };
    return html`<li class="card offer">
        <p>${say("offered", offer.fromUserId, offer.seatCount)}</p>
        <${About} reservation=${offer} ...${about} />
        <p class="help">${say("accept_means")} ${say("until", until(offer))}</p>
        <div class="actions">
            <button type="button" class="primary" disabled=${busy} onClick=${accept}>${say("accept")}</button>
            <button type="button" disabled=${busy} onClick=${decline}>${say("decline")}</button>
        </div>
        <${Problem} problem=${problem} />
    </li>`;
}

/** The offers that wait for an answer of the user. */
export function Offers({ offers, concerts, onChanged }) {
    const toUser = offers.filter(({ toUserId }) => toUserId === user.value.userId);
    if (toUser.length === 0) return null;
    return html`<section aria-label=${say("offers")}><h2>${say("offers")}</h2><ul class="cards">${toUser.map((one) =>
        html`<${Offer} key=${one.transferId} offer=${one} about=${concerts.get(one.concertId)} onChanged=${onChanged} />`)}</ul></section>`;
}

// ---- what is done with one's own order

function Pending({ offer, onChanged }) {
    const [problem, busy, make] = useCalls(onChanged);
    return html`<div class="notice">
        <p>${say("pending", offer.toUserId)} ${say("until", until(offer))}</p>
        <button type="button" disabled=${busy} onClick=${() => make(...endCall(offer), () => say("withdrawn"))}>${say("withdraw")}</button>
        <${Problem} problem=${problem} />
    </div>`;
}

function Transfer({ reservation: { reservationId }, onChanged }) {
    const [problem, busy, make] = useCalls(onChanged);
    const submit = async (event) => {
        event.preventDefault();
        const toUserId = new FormData(event.currentTarget).get("toUserId");
        if (!await confirm(say("transfer_sure", toUserId), [say("transfer_means")])) return;
        make(`transfer.${reservationId}`,
            { method: "POST", path: `/reservation/${reservationId}/transfer`, body: by({ toUserId }) }, () => say("pending", toUserId));
    };
    return html`<details><summary>${say("transfer")}</summary><form onSubmit=${submit}>
        <p class="help">${say("transfer_means")}</p>
        <label>${say("to_user")}<input name="toUserId" required pattern=${NAME} maxlength=${NAME_MAX} autocomplete="off"
            autocapitalize="none" spellcheck=${false} /></label>
        <p><button disabled=${busy}>${say("transfer_offer")}</button></p>
        <${Problem} problem=${problem} />
    </form></details>`;
}

function SeatReturn({ reservation, onChanged }) {
    const [problem, busy, make] = useCalls(onChanged);
    const [chosen, choose] = useState([]);
    const seats = reservation.seats.filter(({ seatId }) => chosen.includes(seatId));
    const toggle = ({ seatId }) => choose(chosen.includes(seatId) ? chosen.filter((one) => one !== seatId) : [...chosen, seatId]);
    const submit = async (event) => {
        event.preventDefault();
        const sum = seats.reduce((total, { price }) => total + price, 0);
        const sure = reservation.method ? t("ticket_return_sure") : t("ticket_refund_sure", points(sum));
        if (!await confirm(sure, [seats.map(seatName).join(", "), ...refundEffects(reservation)])) return;
        make(`refund.${reservation.reservationId}`,
            { method: "DELETE", path: who(`/reservation/${reservation.reservationId}?seatIds=${chosen}`) },
            (done) => (done.method ? t("ticket_returned") : t("ticket_refunded", points(done.refundedAmount))));
    };
    return html`<details><summary>${say("seat_return")}</summary><form onSubmit=${submit}>
        ${reservation.seats.map((seat) => html`<label key=${seat.seatId} class="check"><input type="checkbox"
            checked=${chosen.includes(seat.seatId)} onChange=${() => toggle(seat)} /> ${seatName(seat)}</label>`)}
        <p><button disabled=${busy || seats.length === 0}>${say("seat_return_do", seats.length)}</button></p>
        <${Problem} problem=${problem} />
    </form></details>`;
}

/** What the concert allows with a paid order, and the offer of it that waits. */
export function Change({ reservation, concert, offers, onChanged }) {
    const offer = offers.find(({ reservationId }) => reservationId === reservation.reservationId);
    return html`
        ${offer && html`<${Pending} offer=${offer} onChanged=${onChanged} />`}
        ${!offer && concert?.transfers && html`<${Transfer} reservation=${reservation} onChanged=${onChanged} />`}
        ${concert?.seatReturns && reservation.seats.length > 1 && html`<${SeatReturn} reservation=${reservation} onChanged=${onChanged} />`}`;
}
