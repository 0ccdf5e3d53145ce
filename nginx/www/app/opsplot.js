// Plots of the last minutes. uPlot is loaded with the first one.
import { language, moment, number } from "./language.js";
import { say } from "./opstext.js";
import { Refusal } from "./opsparts.js";
import { useCell } from "./store.js";
import { theme } from "./theme.js";
import { html, useEffect, useRef, useState } from "./view.js";

const SHOWN = 180; // points in a plot

/** The points of the plots: time, and what was. */
export class Trail {
    constructor() {
        this.rows = [];
    }

    add(row) {
        this.rows.push({ time: Date.now() / 1000, ...row });
        if (this.rows.length > SHOWN) this.rows.shift();
    }

    columns(names) {
        return [this.rows.map((row) => row.time), ...names.map((name) => this.rows.map((row) => row[name] ?? null))];
    }
}

let loading = null;

function loadPlots() {
    const load = (tag, members) => new Promise((resolve, reject) => {
        const element = Object.assign(document.createElement(tag), members, { onload: resolve });
        element.onerror = () => {
            element.remove();
            loading = null;
            reject(new Error(say("plots_lost")));
        };
        document.head.append(element);
    });
    const file = (name) => new URL(`../vendor/${name}`, import.meta.url).href;
    loading ??= Promise.all([
        load("link", { rel: "stylesheet", href: file("uplot.css") }), load("script", { src: file("uplot.js") }),
    ]);
    return loading;
}

/** Its children, when there is something to plot with. */
export function Plots({ children }) {
    const [state, setState] = useState(null);
    const begin = () => loadPlots().then(() => setState("here"), setState);
    useEffect(() => void begin(), []);
    if (state !== "here") return state && html`<${Refusal} problem=${state} again=${begin} />`;
    return html`<div class="plots">${children}</div>`;
}

/** `series` are [name in the trail, label]; `turn` is another value when the trail has grown. */
export function Plot({ name, series, dots, trail, turn }) {
    const place = useRef();
    const plot = useRef();
    const colours = useCell(theme);
    const tongue = language();
    const columns = () => trail.columns(series.map(([key]) => key));
    useEffect(() => {
        const element = place.current;
        const style = getComputedStyle(document.documentElement);
        const colour = (index) => style.getPropertyValue(`--tier-${index}`).trim();
        const quiet = style.getPropertyValue("--quiet").trim();
        const axis = { stroke: quiet, grid: { stroke: style.getPropertyValue("--line").trim(), width: 1 }, ticks: { show: false } };
        const clock = (seconds) => moment(seconds * 1000, { timeStyle: "medium" });
        plot.current = new globalThis.uPlot({
            width: element.clientWidth, height: 190, cursor: { y: false }, legend: { live: true },
            axes: [{ ...axis, space: 110, values: (_, all) => all.map(clock) }, { ...axis, size: 56 }],
            scales: { y: { range: (_, low, high) => [0, Math.max(1, (high ?? 0) * 1.15)] } },
            series: [{ label: say("time_of"), value: (_, at) => (at === null ? "–" : clock(at)) }, ...series.map(([, label], i) => ({
                label, stroke: colour(i), width: 2, points: { show: Boolean(dots), size: 5 }, spanGaps: true,
                value: (_, value) => (value === null ? "–" : number(Math.round(value * 10) / 10)),
            }))],
        }, columns(), element);
        const watch = new ResizeObserver(() => plot.current.setSize({ width: element.clientWidth, height: 190 }));
        watch.observe(element);
        return () => {
            watch.disconnect();
            plot.current.destroy();
        };
    }, [colours, tongue]);
    useEffect(() => plot.current.setData(columns()), [turn]);
    return html`<section class="card plot" aria-label=${say("chart", name)}><h2>${name}</h2><div ref=${place}></div></section>`;
}
