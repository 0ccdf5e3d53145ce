// What somebody holds and has not paid: shown on every page with its clock and the way to pay, whichever page or
// device took it.
import { get } from "./api.js";
import { serverNow } from "./clock.js";
import { t } from "./language.js";
import { Countdown } from "./parts.js";
import { Cell, useCell } from "./store.js";
import { findUser, user, who } from "./user.js";
import { html, useEffect, useState } from "./view.js";

const FRESH = 3000; // milliseconds in which another page does not ask again
const TITLES = 3; // titles are looked up for so many concerts

/** The reservations that are held, newest first. */
export const holds = new Cell([]);

let read = -Infinity; // Date.now() of the last answer
const titles = new Map();

/** Asks for them anew. Where nobody is known yet there are none. */
export async function readHolds() {
    await findUser();
    if (!user.value.userId) return;
    const { reservations } = await get(who("/reservation?limit=20"));
    read = Date.now();
    holds.set(reservations.filter(isHeld));
}

function isHeld({ status, expiresAt }) {
    return status === "held" && Date.parse(expiresAt) > serverNow();
}

/** One more, which this page has just taken. */
export function addHold(reservation) {
    holds.set([reservation, ...holds.value.filter((one) => one.reservationId !== reservation.reservationId)]);
}

/** One less: it is paid, given back or lapsed. */
export function dropHold(reservationId) {
    holds.set(holds.value.filter((one) => one.reservationId !== reservationId));
}

function useTitle(concertId) {
    const [title, setTitle] = useState(titles.get(concertId));
    useEffect(() => {
        if (title || titles.size >= TITLES) return;
        get(`/concert/${concertId}`).then((concert) => {
            titles.set(concertId, concert.title);
            setTitle(concert.title);
        }, () => {});
    }, [concertId]);
    return title;
}

function Hold({ reservation }) {
    const { reservationId, concertId, seats, expiresAt } = reservation;
    return html`<li><span><strong>${useTitle(concertId)}</strong> ${t("seats_count", seats.length)}</span>
        <${Countdown} until=${expiresAt} onEnd=${() => dropHold(reservationId)} />
        <a class="button primary" href="#/hold/${reservationId}">${t("pay")}</a></li>`;
}

/** What waits for payment, above each page but that of the hold itself. */
export function Holds({ path }) {
    const name = useCell(user)?.userId;
    const held = useCell(holds).filter(({ reservationId }) => path !== `/hold/${reservationId}`);
    useEffect(() => {
        const look = () => {
            if (!document.hidden && Date.now() - read > FRESH) readHolds().catch(() => {});
        };
        look();
        addEventListener("visibilitychange", look); // another device may have taken or paid some
        return () => removeEventListener("visibilitychange", look);
    }, [path, name]);
    if (held.length === 0) return null;
    return html`<section class="holds" aria-label=${t("tickets_held")}>
        <ul>${held.map((one) => html`<${Hold} key=${one.reservationId} reservation=${one} />`)}</ul></section>`;
}
