// Values that views follow, and values that outlive the page: kept in the browser, the same in all
// tabs. What storage refuses (it is full, or forbidden) lives in memory as long as the page, and `refused` says so.
import { useEffect, useState } from "../vendor/hooks.js";
import { storageName } from "./site.js";

/** A value with listeners. */
export class Cell {
    constructor(value) {
        this.value = value;
        this.listeners = new Set();
    }

    set(value) {
        this.value = value;
        for (const listener of [...this.listeners]) listener(value);
    }

    listen(listener) {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
    }
}

/** The cell's value, drawn again when it changes. */
export function useCell(cell) {
    const [value, setValue] = useState(cell.value);
    useEffect(() => {
        setValue(cell.value);
        return cell.listen(setValue);
    }, [cell]);
    return value;
}

/** Asks once, for all who want the answer; after a failure the next one asks again. */
export function lazy(ask) {
    let answer = null;
    return () => {
        answer ??= ask().catch((error) => {
            answer = null;
            throw error;
        });
        return answer;
    };
}

const PREFIX = storageName("");
const memory = new Map(); // what storage has refused
const cells = new Map();

/** Whether something here is lost with a reload. */
export const refused = new Cell(false);

function read(name) {
    if (memory.has(name)) return memory.get(name);
    try {
        const text = localStorage.getItem(PREFIX + name);
        return text === null ? null : JSON.parse(text);
    } catch {
        return null;
    }
}

function write(name, value) {
    try {
        if (value === null) localStorage.removeItem(PREFIX + name);
        else localStorage.setItem(PREFIX + name, JSON.stringify(value));
        memory.delete(name);
    } catch {
        memory.set(name, value);
        if (value !== null) refused.set(true);
    }
}

class KeptCell extends Cell {
    constructor(name) {
        super(read(name));
        this.name = name;
    }

    set(value) {
        write(this.name, value);
        super.set(value);
    }

    /** Takes over what another tab has kept. */
    readAgain() {
        super.set(read(this.name));
    }
}

/** The kept cell of this name; null where nothing is kept. */
export function kept(name) {
    if (!cells.has(name)) cells.set(name, new KeptCell(name));
    return cells.get(name);
}

/** Forgets all that is kept under names with this beginning. */
export function forget(beginning) {
    const names = new Set([...cells.keys(), ...memory.keys()]);
    try {
        for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) names.add(key.slice(PREFIX.length));
    } catch {
        // it lives in memory
    }
    for (const name of names) if (name.startsWith(beginning)) kept(name).set(null);
}

addEventListener("storage", (event) => {
    if (event.key === null || !event.key.startsWith(PREFIX)) return;
    const cell = cells.get(event.key.slice(PREFIX.length));
    cell?.readAgain();
});
