// What somebody has: tickets, payments, points.
import { get, Problem, weather } from "./api.js";
import { readConcert } from "./concerts.js";
import { serverNow } from "./clock.js";
import { About } from "./hold.js";
import { day, moment, number, points, price, refusal, t } from "./language.js";
import { codesOf, dropTickets, keepTickets, useKeptTickets } from "./offline.js";
import { confirm, Countdown, Loading, Refused, tell, Title, useAnswer, useModule, usePageTitle } from "./parts.js";
import { perform } from "./pending.js";
import { address } from "./site.js";
import { useCell } from "./store.js";
import { forgetUser, requireUser, toAsk, unnamed, user, who } from "./user.js";
import { html, useEffect, useState } from "./view.js";

/** So many pages of the reservations, newest first, and whether there are `more`. */
async function readReservations(pages, signal) {
    const reservations = [];
    let next = null;
    do {
        const answer = await get(who(`/reservation?limit=50${next ? `&before=${next}` : ""}`), { signal });
        reservations.push(...answer.reservations);
        ({ next } = answer);
    } while (next && --pages > 0);
    return { reservations, more: next !== null };
}

async function readTickets(pages, signal) {
    if (!await requireUser()) throw unnamed();
    const [found, { balance }, { transfers }, { entries }] = await Promise.all([
        readReservations(pages, signal), get(who("/point"), { signal }), get(who("/transfer?limit=50"), { signal }),
        get(who("/waitlist?limit=20"), { signal })]);
    const offers = transfers.filter(({ status }) => status === "offered");
    const waits = entries.filter(({ status }) => status === "waiting" || status === "offered");
    const concerts = await readConcerts([...found.reservations, ...offers, ...waits], signal);
    keepTickets({ ...found, concerts });
    return { ...found, balance, offers, waits, concerts };
}

/** The concerts of reservations, by number; one that cannot be read is left out. */
async function readConcerts(reservations, signal) {
    const ids = [...new Set(reservations.map((one) => one.concertId))];
    const found = await Promise.all(ids.map((id) => readConcert(id, signal).catch((problem) => {
        if (problem instanceof Problem) return { concert: null, items: [] };
        throw problem;
    })));
    return new Map(ids.map((id, i) => [id, found[i]]));
}

export const seatName = (seat) => t("seat_name", seat.section, seat.row, seat.label);

/** A ticket's code, black on white whatever the theme, and with room around it: many scanners read no other. */
function Code({ ticket }) {
    const [code, setCode] = useState(null);
    useEffect(() => {
        import("../vendor/qrcode.js").then(
            ({ correction, generate }) => setCode(generate(ticket.code, { minCorrectionLevel: correction.M })), () => {});
    }, [ticket.code]);
    if (!code) return html`<span class="code"></span>`;
    const { size } = code;
    let path = "";
    for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) if (code.get(x, y)) path += `M${x} ${y}h1v1h-1z`;
    return html`<svg class="code" role="img" aria-label=${t("ticket_qr", seatName(ticket.seat))}
        viewBox="-4 -4 ${size + 8} ${size + 8}" shape-rendering="crispEdges"><path d=${path} /></svg>`;
}

/** The codes of an order, one at a time: a scanner would also take the one beside it. */
function Codes({ reservation, isLive }) {
    const cell = codesOf(reservation.reservationId);
    const tickets = useCell(cell);
    const [problem, setProblem] = useState(null);
    const [chosen, choose] = useState(0);
    useEffect(() => {
        if (!isLive) return;
        get(who(`/reservation/${reservation.reservationId}/ticket`)).then((answer) => cell.set(answer.tickets), (refused) => {
            cell.set(null);
            setProblem(refused);
        });
    }, []);
    if (problem?.code === "not_found") return null; // no tickets are issued here
    if (problem) return html`<p class="error" role="alert">${refusal(problem)}</p>`;
    if (!tickets) return html`<div class="codes"><span class="code"></span></div>`;
    return html`<div class="codes">
        <${Code} key=${tickets[chosen].ticketId} ticket=${tickets[chosen]} />
        ${tickets.length > 1 && html`<div role="group" aria-label=${t("ticket_codes")}>${tickets.map(({ ticketId, seat }, i) =>
            html`<button key=${ticketId} type="button" aria-pressed=${i === chosen} onClick=${() => choose(i)}>${seatName(seat)}</button>`)}</div>`}
    </div>`;
}

function Seats({ reservation }) {
    return html`<ul class="seats">${reservation.seats.map((seat) =>
        html`<li key=${seat.seatId}>${seatName(seat)}</li>`)}</ul>`;
}

/** A link to the file; where a token says who asks, which a link cannot, it is read first. */
function Calendar({ reservation: { reservationId }, onProblem }) {
    const path = who(`/reservation/${reservationId}/calendar`), name = `ticket-${reservationId}.ics`;
    const save = async (event) => {
        event.preventDefault();
        try {
            const [text, { saveFile }] = await Promise.all([get(path), import("./save.js")]);
            saveFile(new Blob([text], { type: "text/calendar" }), name);
        } catch (problem) {
            onProblem(problem);
        }
    };
    return html`<a href=${address(path)} download=${name} onClick=${user.value.signsIn && save}>${t("ticket_calendar")}</a>`;
}

/** What a refund does besides: of an order that was transferred it goes to who paid. */
export function refundEffects({ paidBy }) {
    return paidBy ? [t("ticket_paid_by", paidBy)] : [];
}

/** A ticket; of one that is only kept there is no `onChanged`, and nothing can be changed. `Change`: more of that. */
function Ticket({ reservation, about, onChanged, offers, Change }) {
    const [state, setState] = useState({});
    const item = about.items.find((one) => one.itemId === reservation.itemId);
    const started = item && Date.parse(item.startsAt) <= serverNow();
    const refund = async () => {
        const sure = reservation.method ? t("ticket_return_sure") : t("ticket_refund_sure", points(reservation.totalPrice));
        if (!await confirm(sure, refundEffects(reservation))) return;
        setState({ busy: true });
        try {
            const done = await perform(`refund.${reservation.reservationId}`,
                { method: "DELETE", path: who(`/reservation/${reservation.reservationId}`) });
            tell(done.method ? t("ticket_returned") : t("ticket_refunded", points(done.refundedAmount)));
            onChanged();
        } catch (problem) {
            setState({ problem });
        }
    };
    return html`<li class="card ticket">
        <div>
            <p class="quiet">${t("ticket_number", reservation.reservationId)}</p>
            <${About} reservation=${reservation} ...${about} />
            <${Seats} reservation=${reservation} />
            <p>${price(reservation.totalPrice)}</p>
            ${!started && onChanged && html`<p><${Calendar} reservation=${reservation} onProblem=${(problem) => setState({ problem })} /></p>`}
            ${!started && onChanged && html`<button type="button" disabled=${state.busy} onClick=${refund}>${t("ticket_refund")}</button>`}
            ${state.problem && html`<p class="error" role="alert">${refusal(state.problem)}</p>`}
            ${!started && onChanged && Change && html`<${Change} reservation=${reservation} concert=${about.concert} offers=${offers} onChanged=${onChanged} />`}
        </div>
        <${Codes} key=${reservation.seats.map(({ seatId }) => seatId).join()} reservation=${reservation} isLive=${Boolean(onChanged)} />
    </li>`;
}

function HeldTicket({ reservation, about, onChanged }) {
    return html`<li class="card">
        <${About} reservation=${reservation} ...${about} />
        <${Seats} reservation=${reservation} />
        <p>${t("hold_left")} <${Countdown} until=${reservation.expiresAt} onEnd=${onChanged} /></p>
        <a class="button primary" href="#/hold/${reservation.reservationId}">${t("ticket_go_pay")}</a>
    </li>`;
}

/** What was cancelled by who gives it, and is still to come: a concert, or one of its dates. */
function Cancelled({ reservations, concerts }) {
    const today = new Date(serverNow()).toISOString().slice(0, 10);
    const told = new Map();
    for (const { status, concertId, itemId } of reservations) {
        const { concert, items } = concerts.get(concertId);
        const item = items.find((one) => one.itemId === itemId);
        if (status !== "cancelled" && status !== "paid") continue; // paid: it is being refunded
        if (concert?.status === "cancelled" && concert.lastDate >= today) told.set(concertId, [concert.title, refusal({ code: "concert_cancelled" })]);
        else if (item?.status === "cancelled" && item.date >= today)
            told.set(`${concertId} ${itemId}`, [`${concert.title}, ${day(item.date)}`, refusal({ code: "item_cancelled" })]);
    }
    return html`<div role="status">${[...told].map(([key, [what, text]]) =>
        html`<p class="notice" key=${key}><strong>${what}</strong><br />${text}</p>`)}</div>`;
}

function PastTicket({ reservation, about }) {
    return html`<li class="past">
        <span class="badge">${t(`status_${reservation.status}`)}</span>
        <${About} reservation=${reservation} ...${about} />
        <${Seats} reservation=${reservation} />
    </li>`;
}

/** A list that comes page by page. */
function usePages(path, member, turn) {
    const [state, setState] = useState({ rows: null, next: null });
    const read = async (before) => {
        try {
            const answer = await get(who(`${path}?limit=20${before ? `&before=${before}` : ""}`));
            setState((old) => ({ rows: [...(before ? old.rows : []), ...answer[member]], next: answer.next }));
        } catch (problem) {
            setState((old) => ({ ...old, rows: old.rows ?? [] }));
        }
    };
    useEffect(() => {
        read(null);
    }, [turn]);
    return [state.rows, state.next ? () => read(state.next) : null];
}

function Table({ name, columns, rows, more }) {
    if (!rows || rows.length === 0) return null;
    return html`<section aria-label=${name}>
        <h2>${name}</h2>
        <div class="scroll" tabindex="0" role="group" aria-label=${name}><table>
            <thead><tr>${columns.map((column) => html`<th key=${column} scope="col">${column}</th>`)}</tr></thead>
            <tbody>${rows}</tbody>
        </table></div>
        ${more && html`<button type="button" onClick=${more}>${t("show_more")}</button>`}
    </section>`;
}

function Payments({ turn }) {
    const [payments, more] = usePages("/payment", "payments", turn);
    return html`<${Table} name=${t("payments")} more=${more}
        columns=${[t("column_when"), t("column_what"), t("column_amount"), t("column_status")]}
        rows=${payments?.map((one) => html`<tr key=${one.paymentId}>
            <td>${moment(one.paidAt, { dateStyle: "medium", timeStyle: "short" })}</td>
            <td>${t("ticket_number", one.reservationId)}</td>
            <td class="money">${points(one.amount)}</td><td>${t(`status_${one.status}`)}</td></tr>`)} />`;
}

function History({ turn }) {
    const [history, more] = usePages("/point/history", "history", turn);
    return html`<${Table} name=${t("history")} more=${more}
        columns=${[t("column_when"), t("column_what"), t("column_amount"), t("column_balance")]}
        rows=${history?.map((one) => html`<tr key=${one.historyId}>
            <td>${moment(one.createdAt, { dateStyle: "medium", timeStyle: "short" })}</td>
            <td>${t(`kind_${one.kind}`)}</td>
            <td class="money">${one.amount > 0 ? "+" : ""}${number(one.amount)}</td>
            <td class="money">${points(one.balanceAfter)}</td></tr>`)} />`;
}

function Group({ title, list, className, card }) {
    if (list.length === 0) return null;
    return html`<section>${title && html`<h2>${title}</h2>`}<ul class=${className}>${list.map(card)}</ul></section>`;
}

function Tickets({ answer, again, turn, onMore }) {
    const { reservations, concerts, balance, offers, waits, more } = answer;
    const some = (status) => reservations.filter((one) => status.includes(one.status));
    const paid = some(["paid"]);
    const change = useModule(() => import("./ticketchange.js"), offers.length > 0 ||
        paid.map(({ concertId }) => concerts.get(concertId).concert).some((one) => one?.transfers || one?.seatReturns));
    const waitlist = useModule(() => import("./waitlist.js"), waits.length > 0);
    const props = (one) => ({ key: one.reservationId, reservation: one, about: concerts.get(one.concertId), onChanged: again });
    const past = some(["expired", "cancelled", "other"]);
    return html`
        ${change && html`<${change.Offers} offers=${offers} concerts=${concerts} onChanged=${again} />`}
        ${waitlist && html`<${waitlist.Entries} concerts=${concerts} />`}
        <p class="lead">${t("balance_now", points(balance))}</p>
        <${Cancelled} ...${answer} />
        ${reservations.length === 0 && html`<p>${t("tickets_none")} <a href="#/">${t("to_concerts")}</a></p>`}
        <${Group} title=${t("tickets_held")} className="cards" list=${some(["held"])}
            card=${(one) => html`<${HeldTicket} ...${props(one)} />`} />
        <${Group} className="tickets" list=${paid}
            card=${(one) => html`<${Ticket} ...${props(one)} offers=${offers} Change=${change?.Change} />`} />
        ${past.length > 0 && html`<details><summary>${t("tickets_past")}</summary>
            <ul class="cards">${past.map((one) => html`<${PastTicket} ...${props(one)} />`)}</ul></details>`}
        ${more && html`<p><button type="button" onClick=${onMore}>${t("show_more")}</button></p>`}
        <${Payments} turn=${turn} />
        <${History} turn=${turn} />`;
}

/** What was kept at the last visit, while there is no answer. */
function KeptTickets({ at, orders }) {
    return html`<p class="notice" role="status">${t("tickets_kept", moment(at))}</p>
        <${Group} className="tickets" list=${orders} card=${({ reservation, about }) =>
            html`<${Ticket} key=${reservation.reservationId} reservation=${reservation} about=${about} />`} />`;
}

function Who({ onForget }) {
    const who = useCell(user);
    if (!who?.userId) return null;
    return html`<p class="who quiet">${t("signed_in", who.name ?? who.userId)}${who.name && html` ${t("user_id", who.userId)}`}
        ${(who.asks || who.signsIn) && html` <button type="button" class="link" onClick=${onForget}>${t(who.asks ? "other_name" : "sign_out")}</button>`}</p>`;
}

export function TicketsPage() {
    const [turn, setTurn] = useState(0);
    const [pages, setPages] = useState(1);
    const [answer, problem] = useAnswer((signal) => readTickets(pages, signal), [turn, pages]);
    const before = useKeptTickets();
    const isAway = useCell(weather) || !navigator.onLine;
    const isStranger = user.value?.signsIn && !user.value.userId && !isAway; // as far as one can know without a network
    const kept = !answer && !isStranger && before;
    useEffect(() => {
        if (problem?.code === "unauthorized") dropTickets();
    }, [problem]);
    usePageTitle(t("my_tickets"));
    const again = () => setTurn((before) => before + 1);
    return html`
        <${Title}>${t("my_tickets")}<//>
        <${Who} onForget=${forgetUser} />
        ${problem && !answer && html`<${Refused} problem=${problem}>
            <button type="button" onClick=${again}>${t(toAsk(problem))}</button><//>`}
        ${kept && html`<${KeptTickets} ...${kept} />`}
        ${!answer && !problem && !kept && html`<${Loading} />`}
        ${answer && html`<${Tickets} answer=${answer} again=${again} turn=${turn}
            onMore=${() => setPages(pages + 1)} />`}`;
}
