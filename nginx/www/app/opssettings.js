// The settings of a concert: its sale, what buyers are told, and what they get back. Only what was changed is sent, so
// that two operators do not undo one another's work.
import { change } from "./opscall.js";
import { fieldNumber } from "./opsdata.js";
import { challenges, Choice, done, Field, momentOf, MomentField, Repeated, useAct, useDraft, venueTime, ZoneField } from "./opsparts.js";
import { say } from "./opstext.js";
import { confirm } from "./parts.js";
import { html, useState } from "./view.js";

const NUMBERS = { // bounds, and whether the field may be left empty
    holdSeconds: { min: 1, max: 3600, required: true, label: "hold_seconds" },
    activeSeconds: { min: 1, max: 86400, required: true, label: "active_seconds" },
    idleSeconds: { min: 30, max: 86400, label: "idle_seconds" },
    maxSeatsPerUser: { min: 1, max: 1000000, label: "seats_each" },
    waitlistSeconds: { min: 60, max: 86400, required: true, label: "setting_waitlistSeconds" },
    maxWaiting: { min: 0, max: 1000000000, required: true, label: "max_waiting" },
};
const ABOUT = {
    ageLimit: { min: 0, max: 99, label: "age_limit" },
    runningMinutes: { min: 1, max: 1440, label: "running_minutes" },
};
const TEXTS = ["title", "venue", "timeZone", "challenge"];
const OPTIONAL_TEXTS = ["description", "poster"];
const INSTANTS = ["opensAt", "closesAt"];
const PERMISSIONS = ["seatReturns", "swaps", "transfers", "reentry", "waitlist"];

/** The longest time before the start first, as the server has them. */
function inOrder(rules) {
    return [...rules].sort((a, b) => b.untilDays - a.untilDays);
}

function rulesOf(form) {
    const [days, percents] = ["untilDays", "percent"].map((name) => form.getAll(name).map(Number));
    return inOrder(days.map((untilDays, i) => ({ untilDays, percent: percents[i] })));
}

/** The members that the form has otherwise than the concert had when it was begun, and than it has now. */
function changedMembers(form, base, concert) {
    const members = { refundRules: rulesOf(form) };
    for (const name of TEXTS) members[name] = form.get(name);
    for (const name of OPTIONAL_TEXTS) members[name] = form.get(name).replaceAll("\r\n", "\n") || null;
    for (const name of Object.keys({ ...NUMBERS, ...ABOUT })) members[name] = fieldNumber(form, name);
    for (const name of INSTANTS) members[name] = form.get(name) || null;
    for (const name of PERMISSIONS) members[name] = form.get(name) === "true";
    const isSame = (name, other) => {
        if (name === "refundRules") return JSON.stringify(members[name]) === JSON.stringify(inOrder(other[name]));
        if (INSTANTS.includes(name)) return sameMinute(members[name], other[name]);
        return members[name] === other[name];
    };
    return Object.fromEntries(Object.entries(members).filter(([name]) => !isSame(name, base) && !isSame(name, concert)));
}

/** Fields have minutes: an instant between them is left as it is. */
function sameMinute(a, b) {
    const minute = (instant) => (instant === null ? null : Math.floor(Date.parse(instant) / 60000));
    return minute(a) === minute(b);
}

function rulesText(rules) {
    return rules.map(({ untilDays, percent }) => say("rule", untilDays, percent)).join(", ");
}

function permissionText(isAllowed) {
    return say(isAllowed ? "allowed" : "not_allowed");
}

/** What a change of settings does, a line for each. */
function effectsOf(members, concert) {
    const zone = members.timeZone ?? concert.timeZone;
    const shown = (name, value) => {
        if (value === null) return say("nothing");
        if (INSTANTS.includes(name)) return venueTime(value, zone);
        if (name === "refundRules") return rulesText(value);
        if (PERMISSIONS.includes(name)) return permissionText(value);
        if (name === "challenge") return say(`challenge_${value}`);
        return String(value);
    };
    return Object.entries(members).map(([name, value]) =>
        say("from_to", say(`setting_${name}`), shown(name, concert[name]), shown(name, value)));
}

function Rules({ concert, draft }) {
    const rules = inOrder(concert.refundRules);
    return html`<${Repeated} legend=${say("refund_rules")} draft=${draft} by="untilDays" count=${rules.length} fields=${(i) => html`
        <${Field} label=${say("until_days")} name="untilDays" type="number" min="0" max="3650" required defaultValue=${draft.of("untilDays", rules[i]?.untilDays, i)} />
        <${Field} label=${say("percent")} name="percent" type="number" min="0" max="100" required defaultValue=${draft.of("percent", rules[i]?.percent, i)} />`} />
        <p class="help">${say("refund_rules_help")}</p>`;
}

export default function SettingsTab({ concert, again }) {
    const draft = useDraft(`settings.${concert.concertId}`, concert);
    const [said, run, isRunning] = useAct();
    const [zone, setZone] = useState(draft.of("timeZone", concert.timeZone));
    const submit = (event) => {
        event.preventDefault();
        const members = changedMembers(new FormData(event.currentTarget), draft.base, concert);
        run(async () => {
            if (Object.keys(members).length === 0) return say("nothing_changed");
            if (!await confirm(say("settings_sure"), effectsOf(members, concert), say("save"))) return "";
            const answer = await change("PATCH", `/admin/concert/${concert.concertId}`, members);
            draft.clear();
            again();
            return done(answer);
        });
    };
    const discard = () => {
        draft.clear();
        setZone(concert.timeZone);
    };
    /** What was typed; where nothing was, what the concert has now. */
    const value = (name) => {
        const [was, is] = [draft.base, concert].map((one) => String(one[name] ?? ""));
        const typed = draft.of(name, was);
        return typed === was ? is : typed;
    };
    const numbers = (fields) => Object.entries(fields).map(([name, { label, ...bounds }]) => html`<${Field} key=${name} type="number" ...${bounds}
        label=${say(label)} name=${name} defaultValue=${value(name)} />`);
    const moment = (name, label) => html`<${MomentField} label=${say(label)} name=${name} zone=${zone} draft=${draft}
        initial=${momentOf(concert[`${name}At`], concert.timeZone)} />`;
    const permissions = PERMISSIONS.map((name) => html`<${Choice} key=${name} label=${say(`setting_${name}`)} name=${name} value=${value(name)}
        options=${[false, true].map((isAllowed) => [isAllowed, permissionText(isAllowed)])} />`);
    return html`<form onSubmit=${submit} ...${draft.form}>
        ${draft.exists && html`<p class="notice">${say("draft_restored")} <button type="button" class="link" onClick=${discard}>${say("discard")}</button></p>`}
        <section class="card" aria-label=${say("sale_settings")}><h2>${say("sale_settings")}</h2><div class="fields">
            <${Field} label=${say("title_field")} name="title" required maxlength="200" defaultValue=${value("title")} />
            <${Field} label=${say("venue")} name="venue" required maxlength="200" defaultValue=${value("venue")} />
            <${ZoneField} defaultValue=${zone} onChange=${(event) => setZone(event.currentTarget.value)} />
            ${moment("opens", "opens_at")}${moment("closes", "closes_at")}${numbers(NUMBERS)}${permissions}
            <${Choice} label=${say("challenge")} name="challenge" value=${value("challenge")} options=${challenges()} />
        </div><p class="help">${say("zone_help", zone)}</p></section>
        <section class="card" aria-label=${say("about")}><h2>${say("about")}</h2>
            <label>${say("description")}<textarea name="description" rows="6" maxlength="4000" defaultValue=${value("description")}></textarea></label>
            <div class="fields">${numbers(ABOUT)}
                <${Field} label=${say("poster")} name="poster" maxlength="128" pattern="poster/[A-Za-z0-9_\\-][A-Za-z0-9._\\-]*\\.(jpg|png|webp)"
                    spellcheck=${false} defaultValue=${value("poster")} help=${say("poster_help")} /></div></section>
        <section class="card" aria-label=${say("refund_rules")}><${Rules} concert=${concert} draft=${draft} /></section>
        <p class="actions"><button class="primary" disabled=${isRunning}>${say("save")}</button></p>${said}
    </form>`;
}
