// A hall: where its seats are, what they cost, which are free. No drawing here.

export const FREE = 0;
export const HELD = 1;
export const SOLD = 2;
export const BLOCKED = 3; // which only operators see; to buyers it is sold

const spot = (x, y) => x * 1_000_003 + y;

const REACH = 0.75; // how far from its middle a seat is met, where 1 is from seat to seat: also between four
const LARGE = 500; // seats from which on sections are gone to, one at a time
const ASKED = 16; // seats that tell how far from each other all stand

function isPlaced(seats) {
    const spots = new Set();
    for (const { x, y } of seats) {
        if (x === null || y === null) return false;
        spots.add(spot(x, y));
    }
    return spots.size === seats.length;
}

/** How far seats stand from each other in the plan, whose unit may be anything. */
function pitchOf(seats) {
    const distances = [];
    for (let i = 0; i < seats.length; i += Math.ceil(seats.length / ASKED)) {
        let least = Infinity;
        for (const other of seats) {
            if (other !== seats[i]) least = Math.min(least, (other.x - seats[i].x) ** 2 + (other.y - seats[i].y) ** 2);
        }
        distances.push(Math.sqrt(least));
    }
    const pitch = distances.sort((one, other) => one - other)[distances.length >> 2];
    return pitch < Infinity ? pitch : 1;
}

/** As the plan has them, also where rows are curved; neighbours are 1 apart. */
function placeByPlan(seats, x, y) {
    const pitch = pitchOf(seats);
    seats.forEach((seat, i) => {
        x[i] = (seat.x - seats[0].x) / pitch;
        y[i] = (seat.y - seats[0].y) / pitch;
    });
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

/** What a section's name begins with where it says the floor: "2층 B", "2F-B", "Floor 2 B"; else "". */
function floorOf(name) {
    return /^(?:지하 ?)?\d+ ?층|^B?\d+F(?![a-z])|^(?:floor|level) \d+|^\d+(?:st|nd|rd|th) floor/i.exec(name)?.[0] ?? "";
}

/** {name, box} of each floor; none where sections tell of less than two. */
function groupFloors(sections) {
    const floors = new Map();
    for (const { name, box } of sections) {
        const floor = floorOf(name);
        const { left, top, right, bottom } = floors.get(floor) ?? box;
        floors.set(floor, {
            left: Math.min(left, box.left), top: Math.min(top, box.top),
            right: Math.max(right, box.right), bottom: Math.max(bottom, box.bottom),
        });
    }
    floors.delete("");
    return floors.size < 2 ? [] : [...floors].map(([name, box]) => ({ name, box }));
}

/** The hall of a layout; seats are known by their index in it. Standing areas have no place in it. */
export function buildHall({ seats, areas = [] }) {
    const count = seats.length;
    const x = new Float32Array(count);
    const y = new Float32Array(count);
    (isPlaced(seats) ? placeByPlan : placeByRows)(seats, x, y);
    const prices = [...new Set(seats.map((seat) => seat.price))].sort((a, b) => b - a);
    const tierOfPrice = new Map(prices.map((price, tier) => [price, tier]));
    const tier = Uint16Array.from(seats, (seat) => tierOfPrice.get(seat.price));
    const cells = new Map(); // the last seat in each, and with it
    const before = new Int32Array(count); // the one before, or -1
    const indexOf = new Map();
    for (let i = 0; i < count; i++) {
        const cell = spot(Math.round(x[i]), Math.round(y[i]));
        before[i] = cells.get(cell) ?? -1;
        cells.set(cell, i);
        indexOf.set(seats[i].seatId, i);
    }
    const sections = groupSections(seats);
    for (const section of sections) section.box = bounds(x, y, section.indexes);
    return {
        seats, areas, count, x, y, prices, tier, cells, before, indexOf, sections, floors: groupFloors(sections),
        isLarge: count >= LARGE && sections.length > 1, box: bounds(x, y, seats.keys()),
    };
}

/** The seat at a point of the hall's coordinates, or -1. */
export function seatAt(hall, x, y) {
    let best = -1;
    let least = REACH ** 2;
    for (let column = Math.round(x) - 1; column <= Math.round(x) + 1; column++) {
        for (let line = Math.round(y) - 1; line <= Math.round(y) + 1; line++) {
            for (let i = hall.cells.get(spot(column, line)) ?? -1; i >= 0; i = hall.before[i]) {
                const far = (hall.x[i] - x) ** 2 + (hall.y[i] - y) ** 2;
                if (far < least) {
                    least = far;
                    best = i;
                }
            }
        }
    }
    return best;
}

/** The section whose seat is at a point, or else the nearest one; of several around it the smallest. */
export function sectionAt(hall, x, y) {
    const seat = seatAt(hall, x, y);
    if (seat >= 0) return hall.sections.find(({ name }) => name === hall.seats[seat].section);
    const far = ({ box: { left, right, top, bottom } }) =>
        Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom));
    const size = ({ box: { left, right, top, bottom } }) => (right - left) * (bottom - top);
    return [...hall.sections].sort((one, other) => far(one) - far(other) || size(one) - size(other))[0];
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

/** The seat to the right in its row, or in the row that goes on there; -1 where an aisle or the end is. */
function seatAfter(hall, i) {
    const beside = [i - 1, i + 1].find((other) => hall.x[other] > hall.x[i] &&
        Math.hypot(hall.x[other] - hall.x[i], hall.y[other] - hall.y[i]) < 1.5 && hall.seats[other].row === hall.seats[i].row);
    return beside ?? seatAt(hall, hall.x[i] + 1, hall.y[i]);
}

/** So many seats of one section beside each other, from this one on to the right; null where there are not. */
function runFrom(hall, first, count) {
    const run = [first];
    while (run.length < count) {
        const next = seatAfter(hall, run.at(-1));
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
