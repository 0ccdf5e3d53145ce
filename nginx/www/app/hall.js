// A hall: where its seats are, what they cost, which are free. No drawing here.

export const FREE = 0;
export const HELD = 1;
export const SOLD = 2;
export const BLOCKED = 3; // which only operators see; to buyers it is sold

const spot = (x, y) => x * 1_000_003 + y;

function isPlaced(seats) {
    const spots = new Set();
    for (const { x, y } of seats) {
        if (x === null || y === null) return false;
        spots.add(spot(x, y));
    }
    return spots.size === seats.length;
}

/** Where the admin gave no places: a line for each row, sections one behind the other. */
function placeByRows(seats, x, y) {
    let section = null;
    let row = null;
    let line = -1;
    let column = 0;
    seats.forEach((seat, i) => {
        if (seat.section !== section || seat.row !== row) {
            line += section !== null && seat.section !== section ? 2 : 1;
            column = 0;
            ({ section, row } = seat);
        }
        x[i] = column++;
        y[i] = line;
    });
}

function bounds(x, y, indexes) {
    const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
    for (const i of indexes) {
        box.left = Math.min(box.left, x[i]);
        box.right = Math.max(box.right, x[i]);
        box.top = Math.min(box.top, y[i]);
        box.bottom = Math.max(box.bottom, y[i]);
    }
    return box;
}

function groupSections(seats) {
    const sections = new Map();
    seats.forEach((seat, i) => {
        if (!sections.has(seat.section)) sections.set(seat.section, { name: seat.section, indexes: [], rows: new Map() });
        const section = sections.get(seat.section);
        section.indexes.push(i);
        if (!section.rows.has(seat.row)) section.rows.set(seat.row, []);
        section.rows.get(seat.row).push(i);
    });
    return [...sections.values()];
}

/** The hall of a layout; seats are known by their index in it. */
export function buildHall({ seats }) {
    const count = seats.length;
    const x = new Float32Array(count);
    const y = new Float32Array(count);
    if (isPlaced(seats)) {
        for (let i = 0; i < count; i++) {
            x[i] = seats[i].x;
            y[i] = seats[i].y;
        }
    } else {
        placeByRows(seats, x, y);
    }
    const prices = [...new Set(seats.map((seat) => seat.price))].sort((a, b) => b - a);
    const tierOfPrice = new Map(prices.map((price, tier) => [price, tier]));
    const tier = Uint16Array.from(seats, (seat) => tierOfPrice.get(seat.price));
    const at = new Map();
    const indexOf = new Map();
    for (let i = 0; i < count; i++) {
        at.set(spot(Math.round(x[i]), Math.round(y[i])), i);
        indexOf.set(seats[i].seatId, i);
    }
    const sections = groupSections(seats);
    for (const section of sections) section.box = bounds(x, y, section.indexes);
    return { seats, count, x, y, prices, tier, at, indexOf, sections, box: bounds(x, y, seats.keys()) };
}

/** The seat at a point of the hall's coordinates, or -1. */
export function seatAt(hall, x, y) {
    return hall.at.get(spot(Math.round(x), Math.round(y))) ?? -1;
}

/** Two bits a seat, lowest first, in base64 -> one byte a seat. */
export function readStatuses(text, count) {
    const packed = atob(text);
    const statuses = new Uint8Array(count);
    for (let i = 0; i < count; i++) statuses[i] = (packed.charCodeAt(i >> 2) >> ((i & 3) * 2)) & 3;
    return statuses;
}

/** How far a seat is from another; one of another row, section or price is farther than it looks. */
function distance(hall, from, to) {
    return (hall.x[to] - hall.x[from]) ** 2 + 2 * (hall.y[to] - hall.y[from]) ** 2 +
        (hall.seats[to].section === hall.seats[from].section ? 0 : 64) + (hall.tier[to] === hall.tier[from] ? 0 : 32);
}

/** So many seats of one section beside each other, from this one on to the right; null where there are not. */
function runFrom(hall, first, count) {
    const run = [first];
    while (run.length < count) {
        const next = seatAt(hall, hall.x[first] + run.length, hall.y[first]);
        if (next < 0 || hall.seats[next].section !== hall.seats[first].section) return null;
        run.push(next);
    }
    return run;
}

/**
 * The free seats nearest to these, as many, that could come in their place. Who sat together gets seats that are
 * together; null where there are none.
 */
export function nearestSeats(hall, statuses, wanted) {
    const sorted = [...wanted].sort((one, other) => hall.x[one] - hall.x[other]);
    const isTogether = runFrom(hall, sorted[0], sorted.length)?.every((i, n) => i === sorted[n]);
    if (!isTogether) return nearestApart(hall, statuses, wanted);
    let best = null;
    let least = Infinity;
    for (let i = 0; i < hall.count; i++) {
        if (statuses[i] !== FREE) continue;
        const run = runFrom(hall, i, sorted.length);
        if (!run?.every((seat) => statuses[seat] === FREE)) continue;
        const far = run.reduce((sum, seat, n) => sum + distance(hall, sorted[n], seat), 0);
        if (far < least) {
            least = far;
            best = run;
        }
    }
    return best;
}

/** The ones that are still free, and for each other one the nearest. */
function nearestApart(hall, statuses, wanted) {
    const found = wanted.filter((i) => statuses[i] === FREE);
    for (const lost of wanted.filter((i) => statuses[i] !== FREE)) {
        let best = -1;
        for (let i = 0; i < hall.count; i++) {
            if (statuses[i] !== FREE || found.includes(i)) continue;
            if (best < 0 || distance(hall, lost, i) < distance(hall, lost, best)) best = i;
        }
        if (best < 0) return null;
        found.push(best);
    }
    return found;
}

/** The next seat in a direction (dx, dy of -1, 0, 1), or the same one at the hall's edge. */
export function neighbour(hall, from, dx, dy) {
    let best = from;
    let least = Infinity;
    for (let i = 0; i < hall.count; i++) {
        const along = (hall.x[i] - hall.x[from]) * dx + (hall.y[i] - hall.y[from]) * dy;
        const aside = Math.abs((hall.x[i] - hall.x[from]) * dy) + Math.abs((hall.y[i] - hall.y[from]) * dx);
        const far = along + aside * 3;
        if (along > 0 && far < least) {
            least = far;
            best = i;
        }
    }
    return best;
}
