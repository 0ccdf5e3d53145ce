// Answers that were asked for before the modules that need them had come (first.js).
import { address } from "./site.js";

const SEAT_MODULES = ["seats", "seatmap", "chart", "hall", "choice", "seatlist"]; // which only one page needs

const FRESH = 20_000; // milliseconds

const asked = new Map(); // path of the API -> {answer, at}

export function askEarly(path) {
    const answer = fetch(address(path), { credentials: "same-origin" });
    answer.catch(() => {}); // who takes it is told
    asked.set(path, { answer, at: Date.now() });
    return answer;
}

/** {answer: promise of a Response, at: when it was asked for} of a path, once; undefined where it was not asked just now. */
export function takeEarly(path) {
    const found = asked.get(path);
    asked.delete(path);
    return found?.at > Date.now() - FRESH ? found : undefined;
}

/** Asks for the seats of a date, and for the layout by the version that the first look at them tells. */
export async function askForHall(item) {
    const look = `${item}/seat?view=compact`;
    const answer = await askEarly(look);
    if (!answer.ok) return;
    const { layoutVersion } = await answer.clone().json();
    if (asked.has(look)) askEarly(`${item}/layout?v=${layoutVersion}`); // else who took it asks
}

let hasSeatModules = false;

/** Also for who may go there next. */
export function askForSeatModules() {
    if (hasSeatModules) return;
    hasSeatModules = true;
    for (const name of SEAT_MODULES) {
        const link = document.createElement("link");
        document.head.append(Object.assign(link, { rel: "modulepreload", href: new URL(`./${name}.js`, import.meta.url) }));
    }
}
