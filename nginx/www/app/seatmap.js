// The map of a hall: pointer, wheel, fingers and keys over a chart.
import { Chart } from "./chart.js";
import { neighbour } from "./hall.js";
import { t } from "./language.js";
import { announce } from "./parts.js";
import { useCell } from "./store.js";
import { theme } from "./theme.js";
import { html, useEffect, useRef } from "./view.js";

const FINGER = 18; // pixels between seats below which a tap of a finger goes to the section, or nearer, first
const MOUSE = 7;
const STILL = 6; // pixels that a pointer may move and still click

const NONE = new Set();

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Follows the pointers on a canvas: one pans, two zoom, a short one clicks. */
class Gestures {
    constructor(chart, onClick) {
        this.chart = chart;
        this.onClick = onClick;
        this.pointers = new Map();
        this.moved = 0;
    }

    point(event) {
        const box = this.chart.canvas.getBoundingClientRect();
        return { x: event.clientX - box.left, y: event.clientY - box.top };
    }

    down(event) {
        if (event.button > 0) return;
        this.chart.canvas.setPointerCapture(event.pointerId);
        if (this.pointers.size === 0) this.moved = 0;
        this.pointers.set(event.pointerId, this.point(event));
    }

    move(event) {
        const before = this.pointers.get(event.pointerId);
        if (!before) return;
        const now = this.point(event);
        this.moved += Math.hypot(now.x - before.x, now.y - before.y);
        if (this.pointers.size === 2) this.pinch(event.pointerId, before, now);
        else if (this.moved > STILL) this.chart.pan(now.x - before.x, now.y - before.y);
        this.pointers.set(event.pointerId, now);
    }

    pinch(id, before, now) {
        const other = [...this.pointers].find(([key]) => key !== id)[1];
        const apart = (point) => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
        this.moved = STILL + 1;
        this.chart.zoom(apart(now) / apart(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
    }

    up(event) {
        if (!this.pointers.delete(event.pointerId) || this.moved > STILL) return;
        const { x, y } = this.point(event);
        this.onClick(x, y, event.pointerType === "mouse" ? MOUSE : FINGER);
    }

    cancel(event) {
        this.pointers.delete(event.pointerId);
    }

    wheel(event) {
        if (!event.ctrlKey && !event.metaKey && !event.shiftKey) return; // else the page could not be scrolled
        event.preventDefault();
        const { x, y } = this.point(event);
        this.chart.zoom(Math.exp(-(event.deltaY || event.deltaX) * (event.ctrlKey ? 0.01 : 0.002)), x, y);
    }
}

function listen(canvas, gestures) {
    const listeners = {
        pointerdown: (event) => gestures.down(event), pointermove: (event) => gestures.move(event),
        pointerup: (event) => gestures.up(event), pointercancel: (event) => gestures.cancel(event),
        wheel: (event) => gestures.wheel(event),
        // two fingers are the map's, also where one scrolls the page
        touchstart: (event) => event.touches.length > 1 && event.preventDefault(),
    };
    for (const [name, listener] of Object.entries(listeners))
        canvas.addEventListener(name, listener, { passive: name !== "wheel" && name !== "touchstart" });
    return () => {
        for (const [name, listener] of Object.entries(listeners)) canvas.removeEventListener(name, listener);
    };
}

/** The way to a section of a large hall, or to a floor, for who has no pointer. */
function GoTo({ hall, show }) {
    if (!hall.isLarge) return null;
    const places = [
        [t("seats_zoom_all"), hall.box], ...hall.floors.map(({ name, box }) => [name, box]),
        ...hall.sections.map(({ name, box }) => [t("section", name), box]),
    ];
    const go = ({ currentTarget }) => {
        show(places[Number(currentTarget.value)][1]);
        currentTarget.value = ""; // who moves on is elsewhere
    };
    return html`<select class="go-to" aria-label=${t("seats_go")} onChange=${go}>
        <option value="">${t("seats_go")}</option>
        ${places.map(([name], i) => html`<option key=${i} value=${i}>${name}</option>`)}
    </select>`;
}

/** `own` are held by who looks; `onToggle(i)` chooses a seat or takes it off; `describe(i)` says what a seat is. */
export function SeatMap({ hall, statuses, own = NONE, chosen, onToggle, describe }) {
    const canvas = useRef();
    const chart = useRef();
    const toggle = useRef();
    const colours = useCell(theme);
    toggle.current = onToggle;
    useEffect(() => {
        const made = new Chart(canvas.current, hall);
        chart.current = made;
        canvas.current.chart = made;
        const gestures = new Gestures(made, (x, y, least) => {
            if (made.followOverview(x, y)) return;
            if (made.scale < least) made.approach(x, y);
            else if (made.seatUnder(x, y) >= 0) toggle.current(made.seatUnder(x, y));
        });
        const stop = listen(canvas.current, gestures);
        return () => {
            stop();
            made.end();
        };
    }, [hall]);
    useEffect(() => chart.current.setStatuses(statuses), [hall, statuses]);
    useEffect(() => chart.current.readColours(), [hall, colours]);
    useEffect(() => {
        chart.current.chosen = chosen;
        chart.current.own = own;
        chart.current.refresh();
    }, [hall, chosen, own]);
    useEffect(() => {
        chart.current.stageText = t("seats_stage");
        chart.current.refresh();
    });

    const goTo = (seat) => {
        chart.current.cursor = seat;
        chart.current.reveal(seat);
        chart.current.refresh();
        announce(describe(seat));
    };
    const key = (event) => {
        const { current } = chart;
        const from = current.cursor < 0 ? 0 : current.cursor;
        if (ARROWS[event.key]) goTo(current.cursor < 0 ? 0 : neighbour(hall, from, ...ARROWS[event.key]));
        else if (event.key === "Enter" || event.key === " ") current.cursor < 0 ? goTo(0) : toggle.current(from);
        else if (event.key === "+" || event.key === "=") current.zoom(1.4);
        else if (event.key === "-") current.zoom(1 / 1.4);
        else if (event.key === "0") current.fit();
        else return;
        event.preventDefault();
    };
    const blur = () => {
        chart.current.cursor = -1;
        chart.current.refresh();
    };
    const button = (name, sign, act) =>
        html`<button type="button" aria-label=${t(name)} title=${t(name)} onClick=${act}>${sign}</button>`;
    return html`<${GoTo} hall=${hall} show=${(box) => chart.current.show(box)} />
    <div class="map">
        <canvas ref=${canvas} tabindex="0" role="application" aria-label=${t("seats_map_help")}
            onKeyDown=${key} onBlur=${blur}></canvas>
        <div class="map-buttons">
            ${button("seats_zoom_in", "+", () => chart.current.zoom(1.5))}
            ${button("seats_zoom_out", "−", () => chart.current.zoom(1 / 1.5))}
            ${button("seats_zoom_all", "⤢", () => chart.current.fit())}
        </div>
    </div>`;
}
