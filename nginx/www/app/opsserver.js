// What the server does now: its workers, its dependencies, and plots of the last minutes.
import { once } from "./api.js";
import { number } from "./language.js";
import { operator } from "./opscall.js";
import { perRequest, quantile, rate, readMetrics, summarize } from "./opsdata.js";
import { Plot, Plots, Trail } from "./opsplot.js";
import { say } from "./opstext.js";
import { Fact, Title, usePageTitle } from "./parts.js";
import { html, useEffect, useRef, useState } from "./view.js";

const SMOOTH = 10; // seconds over which rates are taken

async function readServer() {
    const [metrics, health] = await Promise.all([
        once("GET", "/metrics", { admin: operator.value?.key }),
        once("GET", "/health/ready").catch((problem) => ({ data: problem.data })), // 503 has the same members
    ]);
    return { ...summarize(readMetrics(metrics.data), performance.now()), dependencies: health.data.dependencies };
}

/** Reads each second while the page is looked at: [the last reading, whether the one after it was lost]. */
function useServer(trail) {
    const [state, setState] = useState({});
    useEffect(() => {
        const readings = [];
        let timer;
        let ended = false;
        const look = async () => {
            const began = performance.now();
            try {
                if (!document.hidden) {
                    const server = await readServer();
                    if (ended) return;
                    readings.push(server);
                    if (readings.length > SMOOTH + 1) readings.shift();
                    trail.add(compare(readings[0], server));
                    setState({ server });
                }
            } catch {
                if (ended) return;
                setState(({ server }) => ({ server, lost: true }));
            }
            timer = setTimeout(look, Math.max(100, 1000 - (performance.now() - began)));
        };
        look();
        return () => {
            ended = true;
            clearTimeout(timer);
        };
    }, []);
    return [state.server, state.lost];
}

function compare(before, now) {
    const milliseconds = (part) => quantile(before, now, part);
    return {
        requests: rate(before, now, "requests"), errors: rate(before, now, "errors"), sales: rate(before, now, "payments") * 60,
        p50: milliseconds(0.5), p99: milliseconds(0.99), cpu: perRequest(before, now),
    };
}

function Dependency({ name, state }) {
    const up = state?.status === "up";
    return html`<${Fact} name=${say(name)} bad=${!up}>${say(up ? "up" : "down")}${up ? ` · ${state.latencyMs} ms` : ""}<//>`;
}

export default function ServerPage() {
    const trail = useRef(null);
    trail.current ??= new Trail();
    const [server, lost] = useServer(trail.current);
    usePageTitle(say("server"));
    const plot = (name, series) => html`<${Plot} name=${say(name)} series=${series} trail=${trail.current} turn=${server} />`;
    return html`<${Title}>${say("server")}<//>
        <div role="status">${lost && html`<p class="notice">${say(server ? "lost" : "none")}</p>`}</div>
        ${server && html`<dl class="facts-list">
            <${Fact} name=${say("workers")}>${server.busy} / ${server.busy + server.idle}<//>
            <${Fact} name=${say("starts")}>${number(server.starts)}<//>
            <${Dependency} name="mysql" state=${server.dependencies?.mysql} />
            <${Dependency} name="redis" state=${server.dependencies?.redis} />
            <${Fact} name=${say("maintenance")} bad=${server.maintenance}>${say(server.maintenance ? "on" : "off")}<//>
        </dl>
        <${Plots}>
            ${plot("sales", [["sales", say("sales")]])}
            ${plot("requests", [["requests", say("requests")], ["errors", say("errors")]])}
            ${plot("latency", [["p50", "p50"], ["p99", "p99"]])}
            ${plot("cpu", [["cpu", say("cpu")]])}
        <//>`}`;
}
