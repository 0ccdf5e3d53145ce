// The file of a hall, made of its seats.

/** Seats -> the JSON of a hall (docs/halls.md). A number that is left out in a row is a gap. */
export function fileOf(seats) {
    const labels = new Map(seats.map(({ seatId, label }) => [seatId, label]));
    const entries = [];
    let last = null;
    for (const { seatId, section, row, label, kind, note, category, price, x, y, partnerId } of seats) {
        const isNext = last?.section === section && last.row === row;
        for (let gap = isNext ? last.seatId + 1 : seatId; gap < seatId; gap++) entries.push({ section, row, gap: true });
        entries.push({
            section, row, label, ...(kind && { kind }), ...(note && { note }), ...(category && { category }),
            ...(price !== null && { price }), ...(x !== null && y !== null && { x, y }),
            ...(kind === "companion" && labels.has(partnerId) && { companionOf: labels.get(partnerId) }),
        });
        last = { seatId, section, row };
    }
    return new Blob([JSON.stringify({ seats: entries })], { type: "application/json" });
}
