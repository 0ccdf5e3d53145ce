// The clocks of a concert's time zone, whatever the browser's zone is.

const DAY = 24 * 3600 * 1000;

const clocks = new Map();

/** What writes as a zone's clocks do: "2037-05-01 19:30". Of a zone that the browser does not know it is UTC's. */
function clockOf(zone) {
    if (!clocks.has(zone)) {
        const options = { dateStyle: "short", timeStyle: "short" };
        let clock; // in Swedish, which has dates as ISO 8601
        try {
            clock = new Intl.DateTimeFormat("sv", { ...options, timeZone: zone });
        } catch {
            clock = new Intl.DateTimeFormat("sv", { ...options, timeZone: "UTC" });
        }
        clocks.set(zone, clock);
    }
    return clocks.get(zone);
}

/** This zone, or UTC where the browser does not know it. */
export function knownZone(zone) {
    return clockOf(zone).resolvedOptions().timeZone;
}

/** The browser's own zone. */
export function ownZone() {
    return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** What clocks of the zone show at an instant: "2037-05-01T19:30". */
export function wallClock(instant, zone) {
    return clockOf(zone).format(new Date(instant)).replace(" ", "T");
}

/** How far the zone's clocks are before UTC at an instant, in milliseconds. */
function offsetAt(milliseconds, zone) {
    const minute = Math.floor(milliseconds / 60000) * 60000;
    return Date.parse(`${wallClock(minute, zone)}Z`) - minute;
}

/**
 * When clocks of the zone show this: one instant; none where they are put forward over it; two where they are put back.
 * `near` are the two times to which one that is left out would belong, by the clock before and the one after it.
 */
export function instantsAt(text, zone) {
    const asUtc = Date.parse(`${text}Z`);
    if (Number.isNaN(asUtc)) return { instants: [], near: [] };
    const offsets = [...new Set([offsetAt(asUtc - DAY, zone), offsetAt(asUtc + DAY, zone)])];
    const candidates = offsets.map((offset) => asUtc - offset).sort((a, b) => a - b);
    const instants = candidates.filter((instant) => wallClock(instant, zone) === text);
    return {
        instants: instants.map((instant) => new Date(instant).toISOString()),
        near: instants.length ? [] : candidates.map((instant) => wallClock(instant, zone)),
    };
}

/** All zones that the browser knows. */
export function allZones() {
    return Intl.supportedValuesOf?.("timeZone") ?? [];
}
