// Runs before the modules of all pages have come: what the page at this address needs of the API is asked for meanwhile.
import { askEarly, askForHall, askForSeatModules } from "./early.js";

const path = location.hash.slice(1).split("?")[0].replace(/\/$/, "");
const [, concert, item] = /^(\/concert\/\d+)(?:(\/item\/\d+)|\/queue|\/line)?$/.exec(path) ?? [];
if (item) {
    askForHall(concert + item).catch(() => {}); // who takes it is told
    askForSeatModules();
}
if (concert) [concert, `${concert}/item`].forEach((one) => askEarly(one));
else if (path === "") askEarly("/concert");
