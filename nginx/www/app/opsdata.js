// Figures for operators out of /metrics: rates and quantiles between two readings; drafts of concerts.

/** Prometheus text -> [{name, labels, value}]. */
export function readMetrics(text) {
    return text.split("\n").flatMap((line) => {
        const match = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
        if (!match) return [];
        const labels = Object.fromEntries([...(match[2] ?? "").matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
        return [{ name: match[1], labels, value: Number(match[3]) }];
    });
}

function sum(metrics, name, where = () => true) {
    return metrics.reduce((total, one) => total + (one.name === name && where(one.labels) ? one.value : 0), 0);
}

/** What a reading says by itself; `at` is performance.now(). */
export function summarize(metrics, at) {
    const buckets = new Map();
    for (const { name, labels, value } of metrics) {
        if (name !== "frontrow_request_seconds_bucket" || labels.route === "/metrics") continue;
        const limit = labels.le === "+Inf" ? Infinity : Number(labels.le);
        buckets.set(limit, (buckets.get(limit) ?? 0) + value);
    }
    return {
        at,
        requests: sum(metrics, "frontrow_requests_total"),
        errors: sum(metrics, "frontrow_requests_total", ({ status }) => status >= "500"),
        payments: sum(metrics, "frontrow_requests_total",
            ({ method, route, status }) => method === "POST" && route === "/payment" && status === "200"),
        busy: sum(metrics, "frontrow_workers", ({ state }) => state === "busy"),
        idle: sum(metrics, "frontrow_workers", ({ state }) => state === "idle"),
        cpu: sum(metrics, "frontrow_worker_cpu_seconds_total"),
        starts: sum(metrics, "frontrow_worker_starts_total"),
        maintenance: sum(metrics, "frontrow_maintenance") > 0,
        buckets: [...buckets].sort(([a], [b]) => a - b),
    };
}

/** Alerts as Alertmanager has them: the worst first, of equal ones the oldest. */
export function sortAlerts(alerts) {
    const order = ({ labels, startsAt }) => `${labels.severity ?? "SEV9"} ${startsAt}`;
    return [...alerts].sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** The time in milliseconds within which this part of the requests between two readings was answered; null for none. */
export function quantile(before, after, part) {
    const earlier = new Map(before.buckets);
    const counts = after.buckets.map(([limit, count]) => [limit, count - (earlier.get(limit) ?? 0)]);
    const all = counts.at(-1)?.[1] ?? 0;
    if (all <= 0) return null;
    let low = 0;
    let below = 0;
    for (const [limit, count] of counts) {
        if (count >= all * part) {
            if (!Number.isFinite(limit)) return low * 1000;
            return (low + ((limit - low) * (all * part - below)) / Math.max(1, count - below)) * 1000;
        }
        low = limit;
        below = count;
    }
    return low * 1000;
}

/** What happened a second between two readings; a server that began anew counts from 0. */
export function rate(before, after, name) {
    const seconds = (after.at - before.at) / 1000;
    return seconds > 0 ? Math.max(0, after[name] - before[name]) / seconds : 0;
}

/** Processor time in milliseconds that one request took between two readings; null for none. */
export function perRequest(before, after) {
    const count = after.requests - before.requests;
    return count > 0 && after.cpu >= before.cpu ? ((after.cpu - before.cpu) * 1000) / count : null;
}

const REMEMBERED = 5000;

/** What those were told who entered a queue, against how long it took until they were called. */
export class Forecasts {
    constructor() {
        this.told = [];
        this.called = 0;
        this.within = { told: 0, toldHigh: 0 };
    }

    /** `queue` is the queue now, `at` in seconds. Of the last one who was called: {told, toldHigh, waited}. */
    add(queue, at) {
        if (!queue) return null;
        let last = null;
        while (this.told.length > 0 && this.told[0].number <= queue.serving) {
            const { told, toldHigh, at: entered } = this.told.shift();
            last = { told, toldHigh, waited: at - entered };
            this.called++;
            for (const name of ["told", "toldHigh"]) if (last.waited <= last[name]) this.within[name]++;
        }
        const known = this.told.at(-1)?.number ?? queue.serving;
        if (queue.lastNumber > known && Number.isInteger(queue.etaSeconds) && this.told.length < REMEMBERED)
            this.told.push({ number: queue.lastNumber, told: queue.etaSeconds, toldHigh: queue.etaSecondsHigh, at });
        return last;
    }

    /** The parts of the waits that were as short as told, or null before there is one. */
    parts() {
        if (this.called === 0) return null;
        return { told: this.within.told / this.called, toldHigh: this.within.toldHigh / this.called };
    }
}

/** The fields of sections -> ranges of seats: each section a block of rows behind the one before; then standing areas. */
export function draftSeats(form) {
    const seats = [];
    let from = 1;
    let y = 0;
    form.getAll("section").forEach((section, i) => {
        const [rows, count, price] = ["rows", "seats", "price"].map((name) => Number(form.getAll(name)[i]));
        for (let row = 1; row <= rows; row++, y++, from += count)
            seats.push({ from, to: from + count - 1, price, section, row: String(row), firstLabel: 1, x: 0, y });
        y += 2;
    });
    form.getAll("area").forEach((section, i) => {
        const [places, price] = ["places", "areaPrice"].map((name) => Number(form.getAll(name)[i]));
        seats.push({ from, to: from + places - 1, price, section, firstLabel: 1, standing: true });
        from += places;
    });
    return seats;
}

/** The id of the hall that a choice of seats names, "hall.7" -> 7; null where it names something else. */
export function keptHall(like) {
    const match = /^hall\.(\d+)$/.exec(like);
    return match && Number(match[1]);
}

/** Which seats a date gets: of a hall that is kept, with the prices that the fields have, or of typed sections. */
export function seatMembers(form) {
    const hallId = keptHall(form.get("like"));
    if (hallId === null) return { seats: draftSeats(form) };
    const prices = [...form].flatMap(([name, value]) => {
        const [, member, which] = /^price\.(all|category|section)\.(.*)$/s.exec(name) ?? [];
        if (!member || value === "") return [];
        return [{ price: Number(value), ...(member !== "all" && { [member]: which }) }];
    });
    return { hallId, ...(prices.length > 0 && { prices }) };
}

/** A number that a field holds; null where it is left empty. */
export function fieldNumber(form, name) {
    const text = form.get(name);
    return text === "" || text === null ? null : Number(text);
}

/** The fields of the form -> the draft of a concert. */
export function draftFromForm(form) {
    const seats = seatMembers(form);
    const optional = ["admissionCapacity", "idleSeconds", "maxSeatsPerUser"].map((name) => [name, fieldNumber(form, name)]);
    return {
        title: form.get("title"), venue: form.get("venue"), timeZone: form.get("timeZone"), status: form.get("status"),
        challenge: form.get("challenge"),
        opensAt: form.get("opensAt") || null, closesAt: form.get("closesAt") || null,
        holdSeconds: Number(form.get("holdSeconds")), ...Object.fromEntries(optional),
        items: form.getAll("begins").map((begins, i) => ({ date: begins.slice(0, 10), startsAt: form.getAll("beginsAt")[i], ...seats })),
    };
}
