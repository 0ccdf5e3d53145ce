// What the server is set to: {caller, charge, signIn}, asked for once.
import { get } from "./api.js";
import { lazy } from "./store.js";

/**
 * `caller`: "body" where the page names the user; `charge`: "anyone" where users charge points themselves; `signIn`:
 * {issuer, clientId, scope, resource} where the pages sign in.
 */
export const settings = lazy(() => get("/settings"));
