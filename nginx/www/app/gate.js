// The page of a gate: the camera, one large answer for each ticket, and what is to be seen afterwards.
import { admit, dismiss, follow, isOnline, leave, letOut, post, refused, showAgain, shown } from "./gatecall.js";
import { watch } from "./gatecamera.js";
import { survives } from "./gatekeep.js";
import { Setup } from "./gatesetup.js";
import { tell } from "./gatetext.js";
import { LanguageSwitch, moment, number, t, useLanguage } from "./language.js";
import { announce, Announcer, confirm, Dialogs, Title, usePageTitle } from "./parts.js";
import { address } from "./site.js";
import { play } from "./sound.js";
import { useCell } from "./store.js";
import { ThemeSwitch } from "./theme.js";
import { html, render, useEffect, useRef, useState } from "./view.js";

const GOOD_TONES = [[880, 0]];
const BAD_TONES = [[196, 0], [165, 0.3]];

// ---- in words

const seatName = (seat) => seat && t("seat_name", seat.section, seat.row, seat.label);
const timeOf = (instant) => moment(instant, { timeStyle: "medium" });

/** When and where a ticket was used. */
function usedText({ checkedInAt, scannedAt, deviceId }) {
    return tell("used", timeOf(scannedAt ?? checkedInAt), deviceId);
}

function headOf({ problem, out }) {
    if (problem === null) return tell(out ? "let_out" : "good");
    return tell(`problem_${problem}`) ?? tell("problem");
}

function detailsOf({ problem, data, seat, remark, offline }) {
    return [
        seatName(seat),
        problem === "already_checked_in" && usedText(data),
        remark && tell(remark),
        offline && problem === null && tell("told_later"),
    ].filter(Boolean);
}

// ---- the answer

function signal({ problem }) {
    navigator.vibrate?.(problem === null ? 80 : [200, 100, 200]);
    try {
        play(problem === null ? GOOD_TONES : BAD_TONES);
    } catch {
        // a phone that has no sound
    }
}

function Result({ result }) {
    if (!result) return html`<div class="verdict" data-number="0"><p>${tell("ready")}</p></div>`;
    const isGood = result.problem === null;
    return html`<div class="verdict ${isGood ? "good" : "bad"}" data-number=${result.number}>
        <p><strong><span aria-hidden="true">${isGood ? "✓" : "✕"}</span> ${headOf(result)}</strong></p>
        ${detailsOf(result).map((text) => html`<p key=${text}>${text}</p>`)}</div>`;
}

function Camera({ onCode }) {
    const video = useRef();
    const [lost, setLost] = useState(null);
    const told = useRef();
    told.current = onCode;
    useEffect(() => {
        let stop = null;
        let left = false;
        watch(video.current, (code) => told.current(code)).then(
            (end) => (left ? end() : stop = end),
            (error) => setLost(error.name === "NotAllowedError" ? "camera_refused" : "camera_lost"));
        return () => {
            left = true;
            stop?.();
        };
    }, []);
    return html`<div class="camera" hidden=${lost !== null}><video ref=${video} muted playsinline aria-label=${tell("camera")}></video></div>
        ${lost && html`<p class="notice">${tell(lost)}</p>`}`;
}

function TypedCode({ onCode }) {
    const submit = (event) => {
        event.preventDefault();
        onCode(new FormData(event.currentTarget).get("code").trim().toUpperCase());
        event.currentTarget.reset();
    };
    return html`<form onSubmit=${submit}><label for="code">${tell("typed")}</label>
        <div class="together"><input id="code" name="code" required autocomplete="off" autocapitalize="characters" spellcheck=${false} />
            <button>${tell("check")}</button></div></form>`;
}

// ---- beside it

function State({ date, scans }) {
    const online = useCell(isOnline);
    const wrong = useCell(refused);
    const [keeps, setKeeps] = useState(true);
    useEffect(() => void survives.then(setKeeps), []);
    return html`<div role="status" class="gate-state">
        <p class=${online ? "good" : "error"}>${tell(online ? "online" : "offline")}
            ${date ? ` · ${tell("list_of", timeOf(date.readAt))}` : ` · ${tell("no_list")}`}</p>
        ${scans.length > 0 && html`<p>${tell("waiting", scans.length)}</p>`}
        ${wrong && html`<p class="error">${tell(wrong)}</p>`}
        ${!keeps && html`<p class="error">${tell("storage_blocked")}</p>`}</div>`;
}

function Conflicts({ conflicts }) {
    if (conflicts.length === 0) return null;
    return html`<section class="card lost" aria-labelledby="conflicts"><h2 id="conflicts">${tell("conflicts")}</h2>
        <ul class="conflicts">${conflicts.map((one) => html`<li key=${one.key}>
            <p><strong>${seatName(one.seat) ?? one.ticketId}</strong> · ${tell("let_in_at", timeOf(one.scannedAt))}</p>
            <p>${one.problem && one.problem !== "already_checked_in" ? headOf(one) : tell("twice", usedText(one.conflict))}</p>
            <button type="button" onClick=${() => dismiss(one.key)}>${tell("seen")}</button></li>`)}</ul></section>`;
}

function Attendance({ attendance }) {
    if (!attendance) return null;
    const { checkedIn, sold, lastCheckedInAt, sections } = attendance;
    return html`<section><h2 id="attendance">${tell("attendance")}</h2>
        <p class="lead">${tell("came", number(checkedIn), number(sold))}${lastCheckedInAt && ` · ${tell("last", timeOf(lastCheckedInAt))}`}</p>
        <div class="scroll" tabindex="0" role="region" aria-labelledby="attendance"><table>
            <thead><tr>${["section", "admitted", "inside", "sold"].map((name) => html`<th key=${name} scope="col">${tell(name)}</th>`)}</tr></thead>
            <tbody>${sections.map((one) => html`<tr key=${one.section}><th scope="row">${one.section}</th>
                <td>${number(one.checkedIn)}</td><td>${number(one.inside)}</td><td>${number(one.sold)}</td></tr>`)}</tbody></table></div></section>`;
}

// ---- the page

let results = 0;

function Gate() {
    const { date, scans, conflicts } = useCell(shown);
    const { deviceId, itemId, title } = post.value;
    const [out, setOut] = useState(false);
    const [result, setResult] = useState(null);
    const queue = useRef(Promise.resolve());
    useEffect(follow, []);
    useEffect(() => {
        navigator.wakeLock?.request("screen").catch(() => {});
    }, []);
    usePageTitle(tell("title"));
    const decide = async (code) => {
        const decided = { ...await (out ? letOut : admit)(code), number: ++results };
        setResult(decided);
        signal(decided);
        announce([headOf(decided), ...detailsOf(decided)].join(". "), true);
    };
    const onCode = (code) => {
        queue.current = queue.current.then(() => decide(code));
    };
    const forget = async () => {
        if (await confirm(tell("forget_sure"), scans.length > 0 ? [tell("forget_loses", scans.length)] : [])) await leave();
    };
    return html`<${Title} kicker=${tell("at", deviceId, itemId)}>${title || tell("title")}<//>
        <${State} date=${date} scans=${scans} />
        <${Result} result=${result} />
        <${Camera} onCode=${onCode} />
        <div class="tabs" role="group" aria-label=${tell("direction")}>${[false, true].map((way) => html`
            <button key=${way} type="button" aria-pressed=${way === out} onClick=${() => setOut(way)}>${tell(way ? "out" : "in")}</button>`)}</div>
        <${TypedCode} onCode=${onCode} />
        <${Conflicts} conflicts=${conflicts} />
        <${Attendance} attendance=${date?.attendance} />
        <p class="actions"><button type="button" onClick=${forget}>${tell("forget")}</button></p>`;
}

function App() {
    const tongue = useLanguage();
    const begun = useCell(post);
    useEffect(() => {
        document.documentElement.lang = tongue;
    }, [tongue]);
    return html`<header class="bar"><span class="brand">${t("brand")}</span>
            <div class="switches"><${LanguageSwitch} /><${ThemeSwitch} /></div></header>
        <main class="gate">${begun ? html`<${Gate} key=${begun.itemId} />` : html`<${Setup} />`}</main>
        <${Dialogs} /><${Announcer} />`;
}

/** Lets the page open without a network: a service worker gives what is kept here. */
async function keepPage() {
    if (!navigator.serviceWorker || !globalThis.caches) return;
    const { scope } = await navigator.serviceWorker.register(new URL("gateworker.js", import.meta.url), { scope: address("/gate/") });
    await import("../vendor/qrread.js"); // some browsers need it, and none can load it later
    const files = performance.getEntriesByType("resource").map(({ name }) => name).filter((name) => name.includes("/v/"));
    const cache = await caches.open(scope);
    await cache.addAll([address("/gate/"), ...new Set(files)]);
    const kept = new Set([address("/gate/"), ...files]);
    for (const { url } of await cache.keys()) if (!kept.has(url)) await cache.delete(url);
}

showAgain();
render(html`<${App} />`, document.getElementById("app"));
if (navigator.onLine) keepPage().catch(() => {}); // it goes on without
