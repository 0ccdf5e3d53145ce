// Pieces of the operators' pages: tables, forms that survive a reload, what became of a change.
import { Problem } from "./api.js";
import { moment, number, points, t } from "./language.js";
import { read, write } from "./tabkeep.js";
import { say } from "./opstext.js";
import { allZones, instantsAt, knownZone, ownZone, wallClock } from "./opszone.js";
import { html, useEffect, useMemo, useRef, useState } from "./view.js";

// ---- words

/** A refusal in the operator's language, and the server's own words with it. */
export function explain(problem) {
    if (!(problem instanceof Problem)) return problem.message;
    const { code, data } = problem;
    const detail = [data.field, data.detail].filter(Boolean).join(": ");
    return [say(`refused_${code}`) ?? say("refused"), detail && `(${detail})`].filter(Boolean).join(" ");
}

/** An instant by the venue's clock; the zone is named where the reader's is another. */
export function venueTime(instant, zone, options = { dateStyle: "medium", timeStyle: "short" }) {
    const text = moment(instant, { ...options, timeZone: knownZone(zone) });
    return zone === ownZone() ? text : `${text} (${zone})`;
}

/** What was paid: with points, or with money at the box office. */
export function paid(amount, method = "points") {
    return method === "points" ? points(amount) : say("money", number(amount));
}

export function seatName({ section, row, label }) {
    return t("seat_short", section, row, label);
}

// ---- pieces

export function Status({ status }) {
    return html`<span class="badge ${status}">${say(`status_${status}`) ?? status}</span>`;
}

/** What was refused in place of what was asked for. */
export function Refusal({ problem, again }) {
    return html`<div class="notice" role="alert"><p>${explain(problem)}</p>
        ${again && html`<p><button type="button" onClick=${again}>${t("again")}</button></p>`}</div>`;
}

/** Until there is something: that it is waited for, or why it does not come. */
export function Waiting({ problem, again }) {
    return problem ? html`<${Refusal} problem=${problem} again=${again} />` : html`<p class="loading" role="status">${t("loading")}</p>`;
}

/** A page whose module is loaded with it. */
export function Loaded({ load, ...props }) {
    const [state, setState] = useState({});
    const begin = () => load().then((module) => setState({ page: module.default }), (problem) => setState({ problem }));
    useEffect(() => void begin(), []);
    const { page: Page, problem } = state;
    return Page ? html`<${Page} ...${props} />` : html`<${Waiting} problem=${problem} again=${begin} />`;
}

/** A table that may be wider than the screen. Rows are lists of cells; `numbers`: from this column on they are figures. */
export function Table({ name, heads, rows, sums, numbers = Infinity }) {
    const kind = (i) => (i >= numbers ? "figure" : "");
    const cells = (row) => row.map((cell, i) => html`<td class=${kind(i)}>${cell}</td>`);
    return html`<div class="scroll" tabindex="0" role="group" aria-label=${name}><table>
        <thead><tr>${heads.map((head, i) => (head?.type === "th" ? head : html`<th scope="col" class=${kind(i)}>${head}</th>`))}</tr></thead>
        <tbody>${rows.map((row) => html`<tr>${cells(row)}</tr>`)}</tbody>
        ${sums && html`<tfoot><tr>${cells(sums)}</tr></tfoot>`}
    </table></div>`;
}

/** The button that brings the next page, where there is one. */
export function More({ more }) {
    return more && html`<p><button type="button" onClick=${more}>${t("show_more")}</button></p>`;
}

// ---- changes

/** Does something that may be refused, one at a time, and keeps what to say of it: [said, run, isRunning]. */
export function useAct() {
    const [state, setState] = useState({});
    const run = async (act) => {
        setState({ isRunning: true });
        try {
            const said = await act((progress) => setState({ isRunning: true, said: progress }));
            setState({ said });
        } catch (problem) {
            setState({ said: problem.name === "AbortError" ? "" : explain(problem), isBad: true });
        }
    };
    return [html`<p role="status" class=${state.isBad ? "error" : ""}>${state.said}</p>`, run, Boolean(state.isRunning)];
}

/** "Done.", and what the server warns of. */
export function done({ warnings = [] } = {}) {
    return [say("done"), ...warnings].join(" ");
}

// ---- forms

/**
 * The draft of a form: `form` are attributes of its element, `of` the value with which a field begins. `base` is what the
 * form was about when it was begun, also after a reload.
 */
export function useDraft(name, base = null) {
    const full = `draft.${name}`;
    const [turn, setTurn] = useState(0);
    const saved = useMemo(() => read(full), [full, turn]);
    const begun = useRef(null);
    begun.current = saved?.base ?? begun.current;
    const all = (field) => (saved?.fields ?? []).filter(([one]) => one === field).map(([, value]) => value);
    const keep = ({ currentTarget }) => {
        begun.current ??= base;
        write(full, { base: begun.current, fields: [...new FormData(currentTarget)].filter(([, value]) => typeof value === "string") });
    };
    return {
        exists: saved !== null,
        base: begun.current ?? base,
        of: (field, otherwise = "", i = 0) => all(field)[i] ?? otherwise,
        has: (field, value) => all(field).includes(String(value)),
        count: (field) => all(field).length,
        form: { key: `${full} ${turn}`, onInput: keep, onChange: keep },
        clear() {
            write(full, null);
            begun.current = null;
            setTurn((before) => before + 1);
        },
    };
}

export function Field({ label, help, ...attributes }) {
    return html`<label>${label}<input ...${attributes} />${help && html`<span class="help">${help}</span>`}</label>`;
}

export function Choice({ label, options, value, ...attributes }) {
    return html`<label>${label}<select value=${value} ...${attributes}>
        ${options.map(([one, text]) => html`<option value=${one} selected=${String(one) === String(value)}>${text}</option>`)}</select></label>`;
}

/** What a concert may ask for before it gives a place in its queue. */
export function challenges() {
    return ["off", "proof"].map((kind) => [kind, say(`challenge_${kind}`)]);
}

/** A time zone, with those that the browser knows to choose from. */
export function ZoneField(attributes) {
    return html`<${Field} label=${say("time_zone")} name="timeZone" list="zones" required maxlength="64" spellcheck=${false} ...${attributes} />
        <datalist id="zones">${allZones().map((zone) => html`<option value=${zone} />`)}</datalist>`;
}

/**
 * A day and time by the venue's clock. The instant is in a hidden field, `name` with "At". A time that this clock leaves
 * out is refused, and its neighbours are offered; of one that it shows twice it is asked which is meant.
 */
export function MomentField({ label, name, zone, draft, initial = "", i = 0, ...attributes }) {
    const [text, setText] = useState(draft.of(name, initial, i));
    const [which, setWhich] = useState(draft.of(`${name}Which`, "0", i));
    const input = useRef();
    const { instants, near } = instantsAt(text, zone);
    const refusal = text !== "" && instants.length === 0 ? say("time_left_out") : "";
    useEffect(() => input.current.setCustomValidity(refusal));
    return html`<div>
        <label>${label}<input ...${attributes} ref=${input} name=${name} type="datetime-local" value=${text}
            onInput=${(event) => setText(event.currentTarget.value)} /></label>
        <input type="hidden" name="${name}At" value=${instants[instants.length > 1 ? Number(which) : 0] ?? ""} />
        <div role="alert">${refusal && html`<p class="error">${refusal}</p>
            <p class="actions">${near.map((one) => html`<button type="button" key=${one} onClick=${() => setText(one)}>${one.replace("T", " ")}</button>`)}</p>`}</div>
        ${instants.length > 1 && html`<${Choice} label=${say("time_twice")} name="${name}Which" value=${which}
            options=${[["0", say("time_first")], ["1", say("time_second")]]} onChange=${(event) => setWhich(event.currentTarget.value)} />`}
    </div>`;
}

/** With what a moment field begins whose instant is known. */
export function momentOf(instant, zone) {
    return instant ? wallClock(instant, zone) : "";
}

/** A group of fields as often as wanted, `least` at least; `by` is the field that tells how many a draft has. */
export function Repeated({ legend, draft, by, count: initial = 1, least = 1, fields }) {
    const [count, setCount] = useState(draft.exists ? Math.max(least, draft.count(by)) : initial);
    const group = useRef();
    const shown = useRef(count);
    useEffect(() => {
        if (shown.current === count) return;
        shown.current = count;
        group.current.form.dispatchEvent(new Event("input")); // the draft has one more or less
    }, [count]);
    return html`<fieldset ref=${group}><legend>${legend}</legend>
        ${Array.from({ length: count }, (_, i) => html`<div class="fields" key=${i}>${fields(i)}</div>`)}
        <p class="actions">
            <button type="button" onClick=${() => setCount(count + 1)}>${say("one_more")}</button>
            <button type="button" disabled=${count <= least} onClick=${() => setCount(count - 1)}>${say("one_less")}</button>
        </p>
    </fieldset>`;
}
