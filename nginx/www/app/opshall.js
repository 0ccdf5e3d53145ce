// The hall of a date as operators see it: places, states and buyers.
import { once } from "./api.js";
import { BLOCKED, buildHall, FREE, HELD, SOLD } from "./hall.js";
import { readRows, sendFile, withQuery } from "./opscall.js";
import { fileOf } from "./opshallfile.js";

const CODES = { available: FREE, held: HELD, sold: SOLD, other: SOLD, blocked: BLOCKED };

/** What seats cost now, by their number; nothing of a date whose layout is not public now. */
async function readPrices(concertId, { itemId, layoutVersion }, signal) {
    try {
        const { data } = await once("GET", `/concert/${concertId}/item/${itemId}/layout?v=${layoutVersion}`, { signal });
        return new Map(data.seats.map(({ seatId, price }) => [seatId, price]));
    } catch (problem) {
        if (problem.code === "concert_not_open" || problem.code === "item_not_found") return new Map();
        throw problem;
    }
}

/**
 * The seats of a date, in the order of their numbers: what the export has of each. `price` is what the seat costs now; if
 * the layout is not public, of a taken one what was paid.
 */
export async function readSeats(concertId, item, signal, onCount = () => {}) {
    const seats = [];
    const add = (rows) => onCount(seats.push(...rows));
    const [prices] = await Promise.all([
        readPrices(concertId, item, signal), readRows(concertId, { what: "seats", itemId: item.itemId }, add, signal),
    ]);
    return seats.reverse().map((row) => ({ ...row, price: prices.get(row.seatId) ?? row.price }));
}

/** What a hall of these seats looks like, as far as it decides where and in which colour they are drawn. */
function shape(seats) {
    return JSON.stringify(seats.map(({ seatId, section, row, label, price, x, y }) => [seatId, section, row, label, price, x, y]));
}

/** {hall, statuses}; the hall stays the one before where it looks the same, so that the view of it stays. */
export function hallOf(seats, before) {
    const shown = shape(seats);
    const hall = before?.shown === shown ? Object.assign(before.hall, { seats }) : buildHall({ seats });
    return { hall, shown, statuses: Uint8Array.from(seats, ({ status }) => CODES[status] ?? SOLD) };
}

/** Numbers -> the ranges {from, to} that they make. */
export function rangesOf(seatIds) {
    const ranges = [];
    for (const seatId of [...seatIds].sort((a, b) => a - b)) {
        const last = ranges.at(-1);
        if (last?.to === seatId - 1) last.to = seatId;
        else ranges.push({ from: seatId, to: seatId });
    }
    return ranges;
}

/** Whether ranges of numbered labels tell all of these seats. */
function isSimple(seats) {
    return seats.every(({ label, kind }) => /^(0|[1-9]\d{0,8})$/.test(label) && !kind);
}

function rangesLike(seats) {
    const ranges = [];
    for (const { seatId, section, row, label, price, status, x, y } of seats) {
        const blocked = status === "blocked";
        const last = ranges.at(-1);
        const step = last && seatId - last.from;
        const isNext = last?.to === seatId - 1 && last.section === section && last.row === row && last.price === price &&
            last.blocked === blocked && String(last.firstLabel + step) === label && last.y === y && (x === null ? last.x === null : last.x + step === x);
        if (isNext) last.to = seatId;
        else ranges.push({ from: seatId, to: seatId, section, row, firstLabel: Number(label), price, blocked, x, y });
    }
    return ranges.map(({ x, y, ...range }) => (x === null ? range : { ...range, x, y }));
}

/**
 * Seats of a date -> what another date with the same hall and prices is made of. Labels that are no numbers, and seats of a
 * kind, are told by a hall only: it is kept under this name. Where one of a pair is withheld, both are.
 */
export async function copyOf(seats, name) {
    if (isSimple(seats)) return { seats: rangesLike(seats) };
    const blocked = seats.filter(({ status }) => status === "blocked");
    const withheld = new Set(blocked.flatMap(({ seatId, partnerId }) => [seatId, partnerId]));
    const kept = seats.map((seat) => (withheld.has(seat.seatId) ? { ...seat, kind: "withheld" } : seat));
    const { hallId } = await sendFile(withQuery("/admin/hall", { name }), fileOf(kept));
    return { hallId };
}
