// The operators' page: what the server does now, a concert's sales and queue, and what steers them.
import { once } from "./api.js";
import { language, LanguageSwitch, moment, number, percent, points, t, useLanguage } from "./language.js";
import { Create } from "./opscreate.js";
import { Forecasts, perRequest, quantile, rate, readMetrics, sortAlerts, summarize } from "./opsdata.js";
import { Steering } from "./opsqueue.js";
import { say } from "./opstext.js";
import { Fact } from "./parts.js";
import { storageName } from "./site.js";
import { useCell } from "./store.js";
import { theme, ThemeSwitch } from "./theme.js";
import { html, render, useEffect, useRef, useState } from "./view.js";

const SHOWN = 180; // seconds in a plot
const ALERTS_MS = 10000;
const SMOOTH = 10; // seconds over which rates are taken
const QUEUE = ["waiting", "active", "admitted", "waited", "told", "toldHigh"]; // points that are of one concert
const KEY = storageName("admin");

// ---- reading

async function readServer(key) {
    const [metrics, health] = await Promise.all([
        once("GET", "/metrics", { admin: key }),
        once("GET", "/health/ready").catch((problem) => ({ data: problem.data })), // 503 has the same members
    ]);
    return { ...summarize(readMetrics(metrics.data), performance.now()), dependencies: health.data.dependencies };
}

/** The points of the plots, one a second: time, and what was. */
class Trail {
    constructor() {
        this.readings = [];
        this.rows = [];
        this.forecasts = new Forecasts();
    }

    /** Another concert is looked at: its queue has no points yet. */
    turn() {
        this.forecasts = new Forecasts();
        for (const row of this.rows)
            for (const name of QUEUE) row[name] = null;
    }

    add(reading, concert, queue) {
        this.readings.push(reading);
        if (this.readings.length > SMOOTH + 1) this.readings.shift();
        const [before] = this.readings;
        const forecast = this.forecasts.add(queue, reading.at / 1000);
        const milliseconds = (part) => quantile(before, reading, part);
        this.rows.push({
            time: Date.now() / 1000,
            requests: rate(before, reading, "requests"), errors: rate(before, reading, "errors"),
            sales: rate(before, reading, "payments") * 60,
            p50: milliseconds(0.5), p99: milliseconds(0.99), cpu: perRequest(before, reading),
            waiting: concert?.queue?.waiting ?? null, active: concert?.queue?.active ?? null,
            admitted: queue?.admittedPerMinute ?? null, ...forecast,
        });
        if (this.rows.length > SHOWN) this.rows.shift();
    }

    columns(names) {
        return [this.rows.map((row) => row.time), ...names.map((name) => this.rows.map((row) => row[name]))];
    }
}

/** Reads each second while the page is looked at. */
function useFigures(key, concertId, onRefused) {
    const trail = useRef(new Trail());
    const [figures, setFigures] = useState(null);
    useEffect(() => {
        let timer;
        let ended = false;
        trail.current.turn();
        const look = async () => {
            const began = performance.now();
            try {
                if (!document.hidden) {
                    const [server, concert, queue] = await Promise.all([
                        readServer(key),
                        concertId ? once("GET", `/admin/concert/${concertId}`, { admin: key }).then(({ data }) => data) : null,
                        concertId ? once("GET", `/concert/${concertId}/queue`).then(({ data }) => data, () => null) : null,
                    ]);
                    if (ended) return;
                    trail.current.add(server, concert, queue);
                    setFigures({ server, concert, queue, lost: false });
                }
            } catch (problem) {
                if (ended) return;
                if (problem.status === 401 || problem.status === 403) onRefused();
                else setFigures((before) => ({ ...before, lost: true }));
            }
            if (!ended) timer = setTimeout(look, Math.max(100, 1000 - (performance.now() - began)));
        };
        look();
        return () => {
            ended = true;
            clearTimeout(timer);
        };
    }, [key, concertId]);
    return [figures, trail.current];
}

/** The firing alerts, the worst first, each ten seconds; null where there is no Alertmanager, undefined while it is lost. */
function useAlerts() {
    const [alerts, setAlerts] = useState(null);
    useEffect(() => {
        const look = () => !document.hidden && once("GET", "/ops/alerts").then(
            ({ data }) => setAlerts(data === null ? null : sortAlerts(data)), () => setAlerts(undefined));
        look();
        const timer = setInterval(look, ALERTS_MS);
        return () => clearInterval(timer);
    }, []);
    return alerts;
}

// ---- plots

function Plot({ name, series, dots, trail, figures }) {
    const place = useRef();
    const plot = useRef();
    const colours = useCell(theme);
    const tongue = language();
    useEffect(() => {
        const element = place.current;
        if (!element) return undefined; // the key was refused meanwhile
        const style = getComputedStyle(document.documentElement);
        const colour = (index) => style.getPropertyValue(`--tier-${index}`).trim();
        const quiet = style.getPropertyValue("--quiet").trim();
        const axis = { stroke: quiet, grid: { stroke: style.getPropertyValue("--line").trim(), width: 1 }, ticks: { show: false } };
        const clock = (seconds) => moment(seconds * 1000, { timeStyle: "medium" });
        const make = () => new globalThis.uPlot({
            width: element.clientWidth, height: 190, cursor: { y: false }, legend: { live: true },
            axes: [{ ...axis, space: 110, values: (_, all) => all.map(clock) }, { ...axis, size: 56 }],
            scales: { y: { range: (_, low, high) => [0, Math.max(1, (high ?? 0) * 1.15)] } },
            series: [{ label: say("time_of"), value: (_, at) => (at === null ? "–" : clock(at)) }, ...series.map(([, label], i) => ({
                label, stroke: colour(i), width: 2, points: { show: Boolean(dots), size: 5 }, spanGaps: true,
                value: (_, value) => (value === null ? "–" : number(Math.round(value * 10) / 10)),
            }))],
        }, trail.columns(series.map(([key]) => key)), element);
        plot.current = make();
        const watch = new ResizeObserver(() => plot.current.setSize({ width: element.clientWidth, height: 190 }));
        watch.observe(element);
        return () => {
            watch.disconnect();
            plot.current.destroy();
        };
    }, [colours, tongue]);
    useEffect(() => plot.current?.setData(trail.columns(series.map(([key]) => key))), [figures]);
    return html`<section class="card plot" aria-label=${say("chart", name)}><h2>${name}</h2><div ref=${place}></div></section>`;
}

// ---- pieces

function Dependency({ name, state }) {
    const up = state?.status === "up";
    return html`<${Fact} name=${say(name)} bad=${!up}>${say(up ? "up" : "down")}${up ? ` · ${state.latencyMs} ms` : ""}<//>`;
}

function Server({ figures: { server, lost } }) {
    return html`<section aria-label=${say("live")}>
        <div role="status">${lost && html`<p class="notice">${say("lost")}</p>`}</div>
        <dl class="facts-list">
            <${Fact} name=${say("workers")}>${server.busy} / ${server.busy + server.idle}<//>
            <${Fact} name=${say("starts")}>${number(server.starts)}<//>
            <${Dependency} name="mysql" state=${server.dependencies?.mysql} />
            <${Dependency} name="redis" state=${server.dependencies?.redis} />
            <${Fact} name=${say("maintenance")} bad=${server.maintenance}>${say(server.maintenance ? "on" : "off")}<//>
        </dl></section>`;
}

function Alerts() {
    const alerts = useAlerts();
    if (alerts === null) return null;
    return html`<section class="card alerts" aria-label=${say("alerts")}>
        <h2>${say("alerts")}</h2>
        <div role="status">
            ${alerts === undefined && html`<p class="notice">${say("alerts_lost")}</p>`}
            ${alerts?.length === 0 && html`<p>${say("alerts_none")}</p>`}
            ${alerts?.length > 0 && html`<ul>${alerts.map((one) => html`<li key=${one.fingerprint}>
                <p><strong>${one.labels.severity} ${one.labels.alertname}</strong> · ${one.labels.owner} ·
                    ${say("alert_since", moment(Date.parse(one.startsAt), { timeStyle: "medium" }))}</p>
                <p>${one.annotations.summary}</p>
                <p>${one.annotations.customers}</p>
                <p class="help">${one.annotations.runbook}</p></li>`)}</ul>`}
        </div></section>`;
}

function Concert({ figures: { concert, queue }, chosen, forecasts, adminKey }) {
    // The figures of the concert before stay until those of the chosen one come: no button may steer it then.
    if (concert?.concertId !== chosen) return null;
    const { sales } = concert;
    const kept = forecasts.parts();
    return html`<section class="card" aria-label=${concert.title}>
        <h2>${concert.title}</h2>
        <dl class="facts-list">
            <${Fact} name=${say("sold")}>${number(sales.sold)}<//><${Fact} name=${say("held")}>${number(sales.held)}<//>
            <${Fact} name=${say("free")}>${number(sales.available)}<//><${Fact} name=${say("revenue")}>${points(sales.revenue)}<//>
        </dl>
        ${concert.admissionCapacity !== null && html`<dl class="facts-list">
            <${Fact} name=${say("waiting")}>${number(concert.queue?.waiting ?? 0)}<//>
            <${Fact} name=${say("active")}>${number(concert.queue?.active ?? 0)}<//>
            <${Fact} name=${say("admitted")}>${number(queue?.admittedPerMinute ?? 0)}<//>
            ${kept && html`<${Fact} name=${say("as_told")}>${percent(kept.told)} / ${percent(kept.toldHigh)}<//>`}
            <${Fact} name=${say("serving")}>${number(concert.queue?.serving ?? 0)} / ${number(concert.queue?.lastNumber ?? 0)}<//>
        </dl>`}
        <${Steering} concert=${concert} queue=${queue} adminKey=${adminKey} />
    </section>`;
}

function SignIn({ wrong, onKey }) {
    const submit = (event) => {
        event.preventDefault();
        onKey(new FormData(event.currentTarget).get("key"));
    };
    return html`<form class="card narrow" onSubmit=${submit}>
        <label for="key">${say("key")}</label>
        <input id="key" name="key" type="password" required autocomplete="current-password" aria-describedby="key-help" />
        <p id="key-help" class="help">${say("key_help")}</p>
        <div role="alert">${wrong && html`<p class="error">${say("key_wrong")}</p>`}</div>
        <button class="primary">${say("open")}</button>
    </form>`;
}

function Dashboard({ adminKey, onRefused, onForget }) {
    const [concerts, setConcerts] = useState([]);
    const [concertId, setConcertId] = useState(null);
    const [figures, trail] = useFigures(adminKey, concertId, onRefused);
    const list = (chosen) => once("GET", "/concert").then(({ data: answer }) => {
        setConcerts(answer.concerts);
        setConcertId((before) => chosen ?? before ?? answer.concerts.find((one) => one.queue)?.concertId ?? answer.concerts[0]?.concertId);
    }).catch(() => {}); // it is asked again
    useEffect(() => {
        list();
        const timer = setInterval(list, 5000);
        return () => clearInterval(timer);
    }, []);
    if (!figures?.server) return html`<p class="loading" role="status">${figures?.lost ? say("none") : t("loading")}</p>`;
    const props = { trail, figures };
    return html`
        <${Alerts} />
        <${Server} figures=${figures} />
        <div class="plots">
            <${Plot} ...${props} name=${say("sales")} series=${[["sales", say("sales")]]} />
            <${Plot} ...${props} name=${say("requests")} series=${[["requests", say("requests")], ["errors", say("errors")]]} />
            <${Plot} ...${props} name=${say("latency")} series=${[["p50", "p50"], ["p99", "p99"]]} />
            <${Plot} ...${props} name=${say("cpu")} series=${[["cpu", say("cpu")]]} />
            <${Plot} ...${props} name=${say("queue")}
                series=${[["waiting", say("waiting")], ["active", say("active")], ["admitted", say("admitted")]]} />
            <${Plot} ...${props} name=${say("forecast")} dots
                series=${[["waited", say("waited")], ["told", say("told")], ["toldHigh", say("told_high")]]} />
        </div>
        <p><label for="concert">${say("concert")}</label>
            <select id="concert" value=${concertId} onChange=${(event) => setConcertId(Number(event.currentTarget.value))}>
                ${concerts.map((one) => html`<option key=${one.concertId} value=${one.concertId}>${one.concertId} · ${one.title}</option>`)}
                ${!concerts.some((one) => one.concertId === concertId) && concertId && html`<option value=${concertId}>${concertId}</option>`}
            </select></p>
        <${Concert} figures=${figures} chosen=${concertId} forecasts=${trail.forecasts} adminKey=${adminKey} key=${concertId} />
        <${Create} adminKey=${adminKey} onCreated=${list} />
        <p><button type="button" onClick=${onForget}>${say("forget")}</button></p>`;
}

function App() {
    useLanguage();
    const [key, setKey] = useState(() => sessionStorage.getItem(KEY));
    const [wrong, setWrong] = useState(false);
    useEffect(() => {
        document.documentElement.lang = language();
        document.title = `${say("title")} · Frontrow`;
    }, [language()]);
    const keep = (value) => {
        if (value === null) sessionStorage.removeItem(KEY);
        else sessionStorage.setItem(KEY, value);
        setKey(value);
    };
    const refused = () => {
        keep(null);
        setWrong(true);
    };
    const open = (value) => {
        const sendable = value === null || /^[\x21-\x7e]+$/.test(value); // a header carries no other
        setWrong(!sendable);
        if (sendable) keep(value);
    };
    return html`
        <header class="bar"><a class="brand" href="../">${t("brand")}</a>
            <div class="switches"><${LanguageSwitch} /><${ThemeSwitch} /></div></header>
        <main class="ops"><h1>${say("title")}</h1>
            ${key ? html`<${Dashboard} adminKey=${key} onRefused=${refused} onForget=${() => open(null)} />`
                : html`<${SignIn} wrong=${wrong} onKey=${open} />`}
        </main>`;
}

render(html`<${App} />`, document.getElementById("app"));
