// Korean or English: by the browser's languages, or as chosen; dates, money and counts by Intl.
import { kept, useCell } from "./store.js";
import { english, korean } from "./text.js";
import { html } from "./view.js";

const TEXTS = { en: english, ko: korean };
const chosen = kept("language");

function byBrowser() {
    const first = navigator.languages?.find((name) => /^(ko|en)\b/.test(name)) ?? "en";
    return first.slice(0, 2);
}

export function language() {
    return chosen.value ?? byBrowser();
}

/** Draws again when the language changes; the language. */
export function useLanguage() {
    useCell(chosen);
    return language();
}

export function LanguageSwitch() {
    const other = useLanguage() === "ko" ? "en" : "ko";
    return html`<button type="button" lang=${other} onClick=${() => chosen.set(other)}>${t("other_language")}</button>`;
}

const formats = new Map();

function format(kind, options) {
    const name = `${kind.name}${language()}${JSON.stringify(options)}`;
    if (!formats.has(name)) formats.set(name, new kind(language(), options));
    return formats.get(name);
}

/** Reads texts: by name, and one that depends on something is a function of it. */
export function reader(texts) {
    return (name, ...values) => {
        const text = texts[language()][name];
        return typeof text === "function" ? text(...values) : text;
    };
}

export const t = reader(TEXTS);

/** What a refusal means to somebody who buys. */
export function refusal(problem) {
    const texts = TEXTS[language()];
    const text = texts[`refused_${problem.code}`] ?? texts.refused;
    return typeof text === "function" ? text(duration(problem.retryAfter)) : text;
}

export function number(value) {
    return format(Intl.NumberFormat, {}).format(value);
}

export function percent(part) {
    return format(Intl.NumberFormat, { style: "percent" }).format(part);
}

/** Points are worth a won each; the unit is written in the reader's language. */
export function points(value) {
    return t("points", number(value), value);
}

/** What something costs. */
export function price(value) {
    return value === 0 ? t("free") : points(value);
}

/** From one to another; of two that read the same, one. Older browsers know no ranges. */
function range(words, from, to) {
    const [first, last] = [words.format(from), words.format(to)];
    if (first === last) return first;
    return words.formatRange?.(from, to) ?? `${first} – ${last}`;
}

/** From so many points to so many. */
export function pointRange(from, to) {
    return from === to ? price(to) : t("points", range(format(Intl.NumberFormat, {}), from, to), to);
}

/** An instant in the reader's time zone. */
export function moment(instant, options = { dateStyle: "long", timeStyle: "short" }) {
    return format(Intl.DateTimeFormat, options).format(new Date(instant));
}

/** An instant by the clocks of a venue; their zone is named where the reader's show another time. */
export function venueMoment(instant, zone, options = { dateStyle: "long", timeStyle: "short" }) {
    const timeZone = knownZone(zone);
    const text = moment(instant, { ...options, timeZone });
    if (text === moment(instant, options)) return text;
    const parts = format(Intl.DateTimeFormat, { timeZone, timeZoneName: "long" }).formatToParts(new Date(instant));
    return `${text} (${parts.find(({ type }) => type === "timeZoneName").value})`;
}

/** This zone, or UTC where the browser does not know it. */
function knownZone(zone) {
    try {
        format(Intl.DateTimeFormat, { timeZone: zone });
        return zone;
    } catch {
        return "UTC";
    }
}

/** A day without a time (YYYY-MM-DD), as the venue has it. */
export function day(date, options = { dateStyle: "full" }) {
    return format(Intl.DateTimeFormat, { ...options, timeZone: "UTC" }).format(new Date(`${date}T00:00:00Z`));
}

export function dayRange(from, to) {
    const dates = [from, to].map((date) => new Date(`${date}T00:00:00Z`));
    return range(format(Intl.DateTimeFormat, { dateStyle: "medium", timeZone: "UTC" }), ...dates);
}

/** 4:09, 1:02:03, or whole days: for counting down. */
export function countdown(seconds) {
    const days = Math.floor(seconds / 86400);
    const pad = (value) => String(value).padStart(2, "0");
    const hours = Math.floor(seconds / 3600) % 24;
    const rest = `${hours || days ? `${days ? pad(hours) : hours}:` : ""}` +
        `${hours || days ? pad(Math.floor(seconds / 60) % 60) : Math.floor(seconds / 60) % 60}:${pad(seconds % 60)}`;
    return days ? `${t("days", days)} ${rest}` : rest;
}

/** The unit in which to tell so many seconds: its name, its seconds, and the format. */
function unitFor(seconds) {
    const [unit, size] = seconds < 90 ? ["second", 1] : seconds < 3 * 3600 ? ["minute", 60] : ["hour", 3600];
    return [unit, size, format(Intl.NumberFormat, { style: "unit", unit, unitDisplay: "long" })];
}

/** About so long, in words: for a wait of so many seconds to so many. */
export function durationRange(from, to) {
    const [unit, size, words] = unitFor(to);
    const count = (value) => Math.max(unit === "second" ? 1 : 0, Math.round(value / size));
    return range(words, count(from), count(to));
}

/** So long, in words; rather a little longer. */
export function duration(seconds) {
    const [, size, words] = unitFor(seconds);
    return words.format(Math.ceil(seconds / size));
}
