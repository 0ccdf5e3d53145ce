// A held reservation: five minutes to pay for it, or to give it back.
import { get, Problem } from "./api.js";
import { readConcert } from "./concerts.js";
import { serverNow } from "./clock.js";
import { day, dayRange, points, price, refusal, t, venueMoment } from "./language.js";
import { announce, confirm, Countdown, Loading, Refused, tell, Title, useAnswer, usePageTitle } from "./parts.js";
import { dropHold } from "./holds.js";
import { pending, perform, resume } from "./pending.js";
import { enter, placeOf, tokenOf } from "./place.js";
import { settings } from "./settings.js";
import { kept } from "./store.js";
import { by, requireUser, toAsk, unnamed, who } from "./user.js";
import { html, useEffect, useState } from "./view.js";

const STEP = 10_000; // points are offered in round sums

async function readHold(reservationId, signal) {
    if (!await requireUser()) throw unnamed();
    const reservation = await get(who(`/reservation/${reservationId}`), { signal });
    const [{ balance }, { charge }, about] = await Promise.all([
        get(who("/point"), { signal }),
        settings(),
        readConcert(reservation.concertId, signal).catch((problem) => {
            if (problem instanceof Problem) return { concert: null, items: [] };
            throw problem;
        }),
    ]);
    return { reservation, balance, charge, ...about };
}

// ---- paying

function payCall(reservation, token) {
    const body = by({ reservationId: reservation.reservationId });
    return perform(`pay.${reservation.reservationId}`, { method: "POST", path: "/payment", body, token });
}

/** Of a hold that a wait list offered; its token is told there. */
async function offeredToken(reservationId) {
    const { entries } = await get(who("/waitlist?limit=100"));
    return entries.find(({ offer }) => offer?.reservationId === reservationId)?.offer.token;
}

/** Pays once. Where the token with which the seats were taken is not known here, or was none, another is asked for. */
async function pay(reservation) {
    const { reservationId, concertId } = reservation;
    const hold = kept(`hold.${reservationId}`);
    try {
        return await payCall(reservation, hold.value?.token ?? tokenOf(concertId));
    } catch (problem) {
        if (problem.code !== "token_invalid" && problem.code !== "token_missing") throw problem;
        const token = await offeredToken(reservationId);
        if (!token) await enter(concertId);
        return payCall(reservation, token ?? tokenOf(concertId));
    }
}

function forgetHold({ reservationId, concertId }) {
    kept(`hold.${reservationId}`).set(null);
    placeOf(concertId).set(null); // paying has ended the turn
}

// ---- pieces

function SeatLines({ reservation, status }) {
    return html`<ul class="lines">${reservation.seats.map((seat) => html`<li key=${seat.seatId}>
        <span>${t("seat_name", seat.section, seat.row, seat.label)}</span><span>${price(seat.price)}</span></li>`)}
        <li class="total"><span>${t(status === "paid" ? "hold_paid" : "hold_total")}</span><span>${price(reservation.totalPrice)}</span></li></ul>`;
}

/** When it is; the dates of a sale that is over are no longer listed, but the first and last are known. */
function whenText({ itemId }, { firstDate, lastDate, timeZone }, items) {
    const item = items.find((one) => one.itemId === itemId);
    return item ? `${day(item.date)} · ${venueMoment(item.startsAt, timeZone, { timeStyle: "short" })}` : dayRange(firstDate, lastDate);
}

export function About({ reservation, concert, items }) {
    if (!concert) return null;
    return html`<p class="about"><strong>${concert.title}</strong><br />
        <span class="quiet">${concert.venue} · ${whenText(reservation, concert, items)}</span></p>`;
}

function Balance({ balance, missing }) {
    return html`<p>${t("hold_balance")}: <strong>${points(balance)}</strong>${missing > 0 ? ` · ${t("hold_missing", points(missing))}` : ""}</p>`;
}

function Charge({ reservation, missing, balance, onCharged }) {
    const [state, setState] = useState({});
    const round = Math.ceil(Math.max(missing, 1) / STEP) * STEP;
    const [amount, setAmount] = useState(round);
    const name = `charge.${reservation.reservationId}`;
    const submit = async (event) => {
        event.preventDefault();
        setState({ busy: true });
        try {
            const body = by({ amount: Number(amount) });
            const done = await perform(name, { method: "POST", path: "/point/charge", body });
            setState({});
            tell(t("hold_charged", points(done.balance)));
            onCharged(done.balance);
        } catch (problem) {
            setState({ problem });
        }
    };
    return html`<form class="charge" onSubmit=${submit}>
        <${Balance} balance=${balance} missing=${missing} />
        <label for="amount">${t("hold_amount")}</label>
        <div class="together">
            <input id="amount" type="number" inputmode="numeric" min="1" max="1000000000" step="1" required value=${amount}
                onInput=${(event) => setAmount(event.currentTarget.value)} />
            <button class=${missing > 0 ? "primary" : ""} disabled=${state.busy}>${t("hold_charge", points(Number(amount) || 0))}</button>
        </div>
        ${state.problem && html`<p class="error" role="alert">${refusal(state.problem)}</p>`}
    </form>`;
}

function Way({ reservation, lead }) {
    return html`<p class="lead">${lead}</p>
        <div class="actions"><a class="button primary"
            href="#/concert/${reservation.concertId}/item/${reservation.itemId}">${t("to_map")}</a></div>`;
}

/** The points that there are; where users do not charge any themselves, nothing is offered. */
function Purse({ charge, ...props }) {
    if (charge === "anyone") return html`<${Charge} ...${props} />`;
    return html`<${Balance} ...${props} />${props.missing > 0 && html`<p class="help">${t("hold_no_charge")}</p>`}`;
}

/** Paying, charging, giving back; `onSettled` gets how it ended. */
function Held({ reservation, charge, balance, setBalance, onSettled }) {
    const payName = `pay.${reservation.reservationId}`;
    const [busy, setBusy] = useState(() => pending(payName) !== null);
    const [problem, setProblem] = useState(null);
    const missing = reservation.totalPrice - balance;
    const settle = (refused) => {
        const ends = { hold_expired: "expired", already_paid: "paid", reservation_cancelled: "cancelled" };
        setBusy(false);
        if (ends[refused.code]) onSettled(ends[refused.code]);
        else setProblem(refused);
        if (refused.code === "insufficient_points") setBalance(refused.data.balance);
    };
    useEffect(() => {
        // a page before was closed while it paid or charged
        resume(`charge.${reservation.reservationId}`).then((done) => done && setBalance(done.balance), setProblem);
        if (busy) resume(payName).then((done) => (done ? onSettled("paid") : setBusy(false)), settle);
    }, []);
    const click = async () => {
        setBusy(true);
        setProblem(null);
        try {
            await pay(reservation);
            onSettled("paid");
        } catch (refused) {
            settle(refused);
        }
    };
    const giveBack = async () => {
        if (!await confirm(t("hold_cancel_sure"))) return;
        setBusy(true);
        try {
            await perform(`cancel.${reservation.reservationId}`,
                { method: "DELETE", path: who(`/reservation/${reservation.reservationId}`) });
            onSettled("cancelled");
        } catch (refused) {
            settle(refused);
        }
    };
    const purse = html`<${Purse} charge=${charge} reservation=${reservation} balance=${balance} missing=${missing} onCharged=${setBalance} />`;
    return html`
        ${missing > 0 && purse}
        <div class="pay">
            ${problem && html`<p class="error" role="alert">${refusal(problem)}</p>`}
            <div class="actions">
                <button type="button" class="primary large" disabled=${busy || missing > 0} onClick=${click}>
                    ${busy ? t("hold_paying") : t("hold_pay", points(reservation.totalPrice))}</button>
                <button type="button" disabled=${busy} onClick=${giveBack}>${t("hold_cancel")}</button>
            </div>
        </div>
        <p class="help">${t("hold_once")}</p>
        ${missing <= 0 && html`<details><summary>${t("hold_balance")}: ${points(balance)}</summary>${purse}</details>`}`;
}

const TITLES = {
    held: "hold_title", paid: "paid_title", expired: "hold_lapsed", cancelled: "hold_cancelled", other: "my_tickets",
};

function Hold({ answer }) {
    const { reservation } = answer;
    const lapsed = reservation.status === "held" && Date.parse(reservation.expiresAt) <= serverNow();
    const paying = pending(`pay.${reservation.reservationId}`) !== null;
    const [status, setStatus] = useState(lapsed && !paying ? "expired" : reservation.status);
    const [balance, setBalance] = useState(answer.balance);
    usePageTitle(t(TITLES[status]));
    const settle = (how) => {
        if (how === "paid") forgetHold(reservation);
        dropHold(reservation.reservationId);
        setStatus(how);
        announce(t(TITLES[how]), true);
        scrollTo(0, 0);
        document.querySelector("h1")?.focus({ preventScroll: true });
    };
    const lapse = () => {
        // a payment that is under way has its own answer
        if (!pending(`pay.${reservation.reservationId}`)) settle("expired");
    };
    return html`
        <${Title}>${t(TITLES[status])}<//>
        ${status === "held" && html`<p class="left-time">${t("hold_left")}
            <${Countdown} until=${reservation.expiresAt} onEnd=${lapse} onMinute=${() => announce(t("minute_say"), true)} /></p>`}
        ${status === "expired" && html`<${Way} reservation=${reservation} lead=${t("hold_lapsed_lead")} />`}
        ${status === "cancelled" && (answer.concert?.status === "cancelled"
            ? html`<p class="lead">${t("refused_concert_cancelled")}</p>`
            : html`<${Way} reservation=${reservation} lead=${t("hold_cancelled_lead")} />`)}
        ${status === "paid" && html`<p class="lead">${t("paid_lead")}</p>
            <div class="actions"><a class="button primary" href="#/tickets">${t("show_tickets")}</a></div>`}
        <div class="card narrow">
            <${About} ...${answer} />
            <${SeatLines} reservation=${reservation} status=${status} />
            ${status === "held" && html`<${Held} reservation=${reservation} charge=${answer.charge} balance=${balance}
                setBalance=${setBalance} onSettled=${settle} />`}
        </div>`;
}

export function HoldPage({ ids: [reservationId] }) {
    const [answer, problem, again] = useAnswer((signal) => readHold(reservationId, signal), [reservationId]);
    if (!answer) {
        return html`<${Title}>${t("ticket_number", reservationId)}<//>
            ${problem ? html`<${Refused} problem=${problem}>
                <button type="button" onClick=${again}>${t(toAsk(problem))}</button><//>` : html`<${Loading} />`}`;
    }
    return html`<${Hold} answer=${answer} />`;
}
