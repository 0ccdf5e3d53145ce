// Presale: windows before the opening, in which a code opens the queue and the seats of a concert. The code is kept until
// the tab is closed.
import { serverNow } from "./clock.js";
import { refusal, t, venueMoment } from "./language.js";
import { codeOf, enter, keepCode } from "./place.js";
import { useCell } from "./store.js";
import { html, useEffect, useState } from "./view.js";

const LONGEST = 2 ** 31 - 1; // that a timer takes

/** The window that runs now, or null; a view that has it is drawn again when that changes. */
export function usePresale(concert) {
    const [, look] = useState(0);
    const now = serverNow();
    const windows = concert?.status === "scheduled" ? concert.presale : [];
    const times = windows.flatMap(({ startsAt, endsAt }) => [Date.parse(startsAt), Date.parse(endsAt)]);
    const next = Math.min(...times.filter((time) => time > now));
    useEffect(() => {
        if (!Number.isFinite(next)) return undefined;
        const timer = setTimeout(() => look((count) => count + 1), Math.min(next - serverNow() + 50, LONGEST));
        return () => clearTimeout(timer);
    });
    return windows.find(({ startsAt, endsAt }) => Date.parse(startsAt) <= now && now < Date.parse(endsAt)) ?? null;
}

/** Asks for the code, and shows at once whether it is good: by it one enters the queue, or gets a token. */
function CodeForm({ concertId, onEntered }) {
    const [state, setState] = useState({});
    const use = async (event) => {
        event.preventDefault();
        const code = new FormData(event.currentTarget).get("code").trim();
        if (!code) return;
        setState({ busy: true });
        try {
            const entered = await enter(concertId, undefined, code);
            setState({});
            if (!entered) return;
            keepCode(concertId, code);
            onEntered?.();
        } catch (problem) {
            setState({ problem });
        }
    };
    return html`<form onSubmit=${use}>
        <label>${t("presale_code")}<input name="code" required maxlength="100" autocomplete="off" autocapitalize="characters"
            spellcheck="false" aria-invalid=${Boolean(state.problem)} aria-describedby="presale-problem" /></label>
        <div class="actions"><button class="primary" disabled=${state.busy}>${t("presale_use")}</button></div>
        <p id="presale-problem" class="error" role="alert">${state.problem ? refusal(state.problem) : ""}</p>
    </form>`;
}

function Code({ concertId, onEntered }) {
    if (useCell(codeOf(concertId)) === null) return html`<${CodeForm} concertId=${concertId} onEntered=${onEntered} />`;
    return html`<p role="status">${t("presale_kept")}</p>
        <div class="actions"><button type="button" onClick=${() => keepCode(concertId, null)}>${t("presale_other")}</button></div>`;
}

/** When the windows of a concert are, and the way in while one runs. */
export function Presale({ concert, onEntered }) {
    const runs = usePresale(concert);
    const now = serverNow();
    const coming = concert.status === "scheduled" ? concert.presale.filter(({ endsAt }) => Date.parse(endsAt) > now) : [];
    if (coming.length === 0) return null;
    const moment = (time) => venueMoment(time, concert.timeZone);
    return html`<section class="card call presale" aria-labelledby="presale">
        <h2 id="presale">${t("presale")}</h2>
        <ul class="lines">${coming.map(({ startsAt, endsAt }) =>
            html`<li key=${startsAt + endsAt}><span>${t("presale_from_to", moment(startsAt), moment(endsAt))}</span></li>`)}</ul>
        ${runs && html`<p>${t("presale_lead")}</p><${Code} concertId=${concert.concertId} onEntered=${onEntered} />`}
    </section>`;
}
