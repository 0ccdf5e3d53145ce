// What the server is set to: {caller, charge}, asked for once.
import { get } from "./api.js";

let asked = null;

/** `caller`: "body" where the page names the user; `charge`: "anyone" where users charge points themselves. */
export function settings() {
    asked ??= get("/settings").catch((error) => {
        asked = null;
        throw error;
    });
    return asked;
}
