// The hall of a date as operators see it: places, states and buyers.
import { once } from "./api.js";
import { BLOCKED, buildHall, FREE, HELD, SOLD } from "./hall.js";
import { isStanding } from "./opsareas.js";
import { readRows } from "./opscall.js";

const CODES = { available: FREE, held: HELD, sold: SOLD, other: SOLD, blocked: BLOCKED };

/** What seats cost now: price(seat) of one, undefined where it is not told; nothing of a date whose layout is not public now. */
async function readPrices(concertId, { itemId, layoutVersion }, signal) {
    try {
        const { data } = await once("GET", `/concert/${concertId}/item/${itemId}/layout?v=${layoutVersion}`, { signal });
        const seats = new Map(data.seats.map(({ seatId, price }) => [seatId, price]));
        const areas = new Map(data.areas?.map(({ section, price }) => [section, price]));
        return ({ seatId, section }) => seats.get(seatId) ?? areas.get(section);
    } catch (problem) {
        if (problem.code === "concert_not_open" || problem.code === "item_not_found") return () => undefined;
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
    const [priceOf] = await Promise.all([
        readPrices(concertId, item, signal), readRows(concertId, { what: "seats", itemId: item.itemId }, add, signal),
    ]);
    return seats.reverse().map((row) => ({ ...row, price: priceOf(row) ?? row.price }));
}

/** What a hall of these seats looks like, as far as it decides where and in which colour they are drawn. */
function shape(seats) {
    return JSON.stringify(seats.map(({ seatId, section, row, label, price, x, y }) => [seatId, section, row, label, price, x, y]));
}

/**
 * {hall, statuses, places}; the hall stays the one before where it looks the same, so that the view of it stays. Places of
 * standing areas are not in it.
 */
export function hallOf(all, before) {
    const seats = all.filter((seat) => !isStanding(seat));
    const shown = shape(seats);
    const hall = before?.shown === shown ? Object.assign(before.hall, { seats }) : buildHall({ seats });
    return { hall, shown, places: all.filter(isStanding), statuses: Uint8Array.from(seats, ({ status }) => CODES[status] ?? SOLD) };
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
