// Tickets without a network: those that are paid are kept in the browser's storage with their codes and concerts, and a
// service worker keeps the pages.
import { weather } from "./api.js";
import { address } from "./site.js";
import { forget, kept, useCell } from "./store.js";
import { useEffect, useState } from "./view.js";

const PATIENCE = 4000; // milliseconds, with a network that does not answer

const tickets = kept("tickets");

/** Kept with an order: its tickets as the server told them, or null. */
export function codesOf(reservationId) {
    return kept(`codes.${reservationId}`);
}

/** What is shown of the concert of an order, and of its date. */
function about({ concert, items }, { itemId }) {
    if (!concert) return { concert, items };
    const { title, venue, timeZone, firstDate, lastDate } = concert;
    return { concert: { title, venue, timeZone, firstDate, lastDate }, items: items.filter((one) => one.itemId === itemId) };
}

/** Keeps the paid ones of what was answered; what is no longer among them is forgotten. */
export function keepTickets({ reservations, concerts }) {
    const before = tickets.value?.orders ?? [];
    const orders = reservations.filter(({ status }) => status === "paid")
        .map((one) => ({ reservation: one, about: about(concerts.get(one.concertId), one) }));
    for (const { reservation: { reservationId } } of before)
        if (!orders.some(({ reservation }) => reservation.reservationId === reservationId)) codesOf(reservationId).set(null);
    tickets.set(orders.length ? { at: Date.now(), orders } : null);
    if (orders.length) startWorker();
}

async function startWorker() {
    try {
        await navigator.serviceWorker.register(address("/service-worker.js"));
    } catch {
        // the browser has none, or a policy forbids it
    }
}

/** {at, orders: [{reservation, about}]} as they were kept last; null while an answer may still come soon. */
export function useKeptTickets() {
    const [isLate, setLate] = useState(false);
    useEffect(() => {
        const timer = setTimeout(() => setLate(true), PATIENCE);
        return () => clearTimeout(timer);
    }, []);
    return useCell(weather) || isLate ? tickets.value : null;
}

export function dropTickets() {
    for (const beginning of ["tickets", "codes."]) forget(beginning);
}
