// The modules that only the page of the seats needs, asked for before it is shown: by who may go there next, and here,
// while those of all pages are still coming, where the address leads there at once.
const NAMES = ["seats", "seatmap", "chart", "hall", "choice", "seatlist"];

let asked = false;

export function askForSeats() {
    if (asked) return;
    asked = true;
    for (const name of NAMES)
        document.head.append(Object.assign(document.createElement("link"), { rel: "modulepreload", href: new URL(`./${name}.js`, import.meta.url) }));
}

if (/^#\/concert\/\d+\/item\//.test(location.hash)) askForSeats();
