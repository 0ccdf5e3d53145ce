// What a gate keeps in its browser: the tickets of a date, scans that the server was not told yet, and those that it
// refused. Where storage is refused, memory stands in until the next reload.
import { storageName } from "./site.js";

const STORES = { // by which member their rows are found
    dates: "itemId", // {itemId, now, readAt, keys, attendance}
    tickets: ["itemId", "ticketId"],
    scans: "key", // {key, itemId, code, ticketId, seat, deviceId, scannedAt}
    conflicts: "key", // a scan with `problem`, or with `conflict`: whose place it took
};
const memory = new Map(Object.keys(STORES).map((store) => [store, new Map()]));

function open() {
    return new Promise((resolve) => {
        try {
            const asked = indexedDB.open(storageName("gate"), 1);
            asked.onupgradeneeded = () => {
                for (const [store, keyPath] of Object.entries(STORES)) asked.result.createObjectStore(store, { keyPath });
            };
            asked.onsuccess = () => resolve(asked.result);
            asked.onerror = () => resolve(null);
        } catch {
            resolve(null);
        }
    });
}

const opened = open();

/** Whether what is kept survives a reload. */
export const survives = opened.then((database) => database !== null);

/** Runs `use` with a store of one transaction; resolves to the result of the request that it returned. */
async function transact(store, mode, use) {
    const database = await opened;
    return new Promise((resolve, reject) => {
        const transaction = database.transaction(store, mode);
        const request = use(transaction.objectStore(store));
        transaction.oncomplete = () => resolve(request?.result);
        transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
}

const nameOf = (key) => JSON.stringify(key);
const keyOf = (store, row) => (Array.isArray(STORES[store]) ? STORES[store].map((name) => row[name]) : row[STORES[store]]);

/** The row of this key; undefined where there is none. */
export async function find(store, key) {
    if (!await opened) return memory.get(store).get(nameOf(key));
    return transact(store, "readonly", (rows) => rows.get(key));
}

/** All rows, by their keys. */
export async function list(store) {
    if (!await opened) return [...memory.get(store).values()];
    return transact(store, "readonly", (rows) => rows.getAll());
}

/** Keeps rows, all or none. */
export async function keep(store, ...rows) {
    if (!await opened) for (const row of rows) memory.get(store).set(nameOf(keyOf(store, row)), row);
    else await transact(store, "readwrite", (kept) => void rows.forEach((row) => kept.put(row)));
}

export async function remove(store, key) {
    if (!await opened) memory.get(store).delete(nameOf(key));
    else await transact(store, "readwrite", (rows) => rows.delete(key));
}

/** Keeps these tickets of a date and no others. */
export async function replaceTickets(itemId, tickets) {
    if (await opened) {
        const all = IDBKeyRange.bound([itemId], [itemId, []]);
        await transact("tickets", "readwrite", (kept) => {
            kept.delete(all);
            for (const ticket of tickets) kept.put(ticket);
        });
        return;
    }
    const kept = memory.get("tickets");
    for (const [name, ticket] of kept) if (ticket.itemId === itemId) kept.delete(name);
    await keep("tickets", ...tickets);
}

/** Forgets everything. */
export async function forgetAll() {
    for (const store of Object.keys(STORES)) {
        memory.get(store).clear();
        if (await opened) await transact(store, "readwrite", (rows) => rows.clear());
    }
}
