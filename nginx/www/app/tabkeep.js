// What this tab keeps until it is closed: the tokens of a fan, or an operator's key, drafts, and the keys of calls without
// an answer. Where storage is refused, memory stands in until the next reload.
import { storageName } from "./site.js";

const memory = new Map();

function isStorageUsable() {
    try {
        const probe = storageName("probe");
        sessionStorage.setItem(probe, "");
        sessionStorage.removeItem(probe);
        return true;
    } catch {
        return false;
    }
}

/** Whether what is kept survives a reload. */
export const survives = isStorageUsable();

/** What is kept under this name, or null. */
export function read(name) {
    if (!survives) return memory.get(name) ?? null;
    try {
        return JSON.parse(sessionStorage.getItem(storageName(name)));
    } catch {
        return null; // not ours
    }
}

/** Keeps a value; null forgets it. */
export function write(name, value) {
    if (!survives) memory.set(name, value);
    else if (value === null) sessionStorage.removeItem(storageName(name));
    else sessionStorage.setItem(storageName(name), JSON.stringify(value));
}

/** Forgets all that is kept under names with this beginning. */
export function forget(beginning) {
    const names = survives ? Object.keys(sessionStorage) : [...memory.keys()];
    const start = survives ? storageName(beginning) : beginning;
    for (const name of names) {
        if (!name.startsWith(start)) continue;
        if (survives) sessionStorage.removeItem(name);
        else memory.delete(name);
    }
}
