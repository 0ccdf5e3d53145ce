// Signing in at an identity provider by OpenID Connect, loaded only where GET /settings says so: the code flow with PKCE,
// as a public client. The tokens live in the tab's storage: with memory alone each reload would lead to the provider and
// back, and what all tabs share would outlive the tabs on somebody else's computer.
import { Problem } from "./api.js";
import { serverNow } from "./clock.js";
import { language, reader } from "./language.js";
import { Dialog, tell } from "./parts.js";
import { address } from "./site.js";
import { signInTexts } from "./signintext.js";
import { Cell, kept, lazy, useCell } from "./store.js";
import { read, write } from "./tabkeep.js";
import { asking, askWho, forgetAll, user } from "./user.js";
import { html, useState } from "./view.js";

const HERE = address("/");
const EARLY = 30_000; // milliseconds before its end in which a token is renewed
const PATIENCE = 10_000; // milliseconds for an answer of the provider
const CLOCKS = 30; // seconds by which the provider's may differ from ours
const t = reader(signInTexts);

/** null, or {access, refresh, idToken, until, name, userId, ended}: `until` null where nobody knows. */
const session = new Cell(null);

let provider; // {issuer, clientId, scope, resource} of the settings
let renewing = null;

function keep(value) {
    session.set(value);
    write("session", value);
}

const host = () => new URL(provider.issuer).host;

// ---- talking to the provider

/** The library, and what each request has. Without TLS only this machine is asked. */
async function load() {
    const oauth = await import("../vendor/oauth4webapi.js");
    const issuer = new URL(provider.issuer);
    return {
        oauth, issuer,
        options: {
            [oauth.allowInsecureRequests]: ["localhost", "127.0.0.1", "[::1]"].includes(issuer.hostname),
            signal: () => AbortSignal.timeout(PATIENCE),
            additionalParameters: forWhom(),
        },
    };
}

/** What the provider says of itself. */
const discover = lazy(async () => {
    const { oauth, issuer, options } = await load();
    return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options));
});

/** The library, the provider and us, as the library knows them. */
async function meet() {
    const [{ oauth, options }, server] = await Promise.all([load(), discover()]);
    const clockSkew = Math.round((serverNow() - Date.now()) / 1000);
    const client = { client_id: provider.clientId, [oauth.clockSkew]: clockSkew, [oauth.clockTolerance]: CLOCKS };
    return { oauth, options, server, client };
}

/** For whom a token is asked for, where the provider serves others too. */
function forWhom() {
    return provider.resource ? { resource: provider.resource } : {};
}

/** What is kept of an answer with tokens; one that renews may leave out what stays the same. */
function sessionOf(tokens, before = {}) {
    return {
        ...before,
        access: tokens.access_token, refresh: tokens.refresh_token ?? before.refresh, idToken: tokens.id_token ?? before.idToken,
        until: tokens.expires_in === undefined ? null : Date.now() + tokens.expires_in * 1000,
    };
}

/** Leads to the provider; what makes its answer ours, and the page to come back to, wait here. */
async function go() {
    const { oauth, server } = await meet();
    const asked = {
        state: oauth.generateRandomState(), nonce: oauth.generateRandomNonce(), verifier: oauth.generateRandomCodeVerifier(),
        hash: location.hash,
    };
    const there = new URL(server.authorization_endpoint);
    const parameters = {
        client_id: provider.clientId, redirect_uri: HERE, response_type: "code", scope: provider.scope, ui_locales: language(),
        state: asked.state, nonce: asked.nonce, code_challenge_method: "S256",
        code_challenge: await oauth.calculatePKCECodeChallenge(asked.verifier),
        ...forWhom(),
    };
    for (const [name, value] of Object.entries(parameters)) there.searchParams.set(name, value);
    write("asked", asked);
    location.assign(there);
}

/** Changes the provider's answer for tokens. */
async function redeem(answer, asked) {
    const { oauth, server, client, options } = await meet();
    const parameters = oauth.validateAuthResponse(server, client, answer, asked.state);
    const response = await oauth.authorizationCodeGrantRequest(server, client, oauth.None(), parameters, HERE, asked.verifier, options);
    const expected = { expectedNonce: asked.nonce, requireIdToken: true };
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, expected);
    const { name, preferred_username: username, email } = oauth.getValidatedIdTokenClaims(tokens);
    keep(sessionOf(tokens, { name: name ?? username ?? email }));
}

/** Takes an answer of the provider out of the address, and goes back to the page that asked. */
async function comeBack() {
    const answer = new URLSearchParams(location.search);
    const asked = read("asked");
    if (!answer.has("state")) return;
    write("asked", null);
    history.replaceState(null, "", location.pathname + (asked?.hash ?? location.hash));
    dispatchEvent(new HashChangeEvent("hashchange"));
    try {
        await redeem(answer, asked ?? {});
    } catch {
        tell(t(answer.get("error") === "access_denied" ? "cancelled" : "failed"));
    }
}

// ---- the session

/** Goes on with the sign-in of this tab, if it is of the user whom this browser knows, or with the provider's answer. */
export async function begin(settings) {
    provider = settings;
    const before = read("session");
    keep(before?.userId === kept("user").value ? before : null);
    await comeBack();
}

/** Settles who has signed in. What another user began in this browser is forgotten. */
export async function findUser() {
    const { access, name, userId: before } = session.value ?? {};
    const userId = before ?? (access ? await askWho() : null);
    if (userId) {
        const last = kept("user").value;
        if (last && last !== userId) forgetAll();
        kept("user").set(userId);
        keep({ ...session.value, userId });
    } else if (access) { // the server does not take it
        keep(null);
        tell(t("failed"));
    }
    user.set({ userId, name, asks: false, signsIn: true });
    kept("user").listen(leave);
}

/** Somebody else has signed in or out, in another tab: what is shown here goes. */
function leave(userId) {
    if (!user.value.userId || userId === user.value.userId) return;
    keep(null);
    location.reload();
}

async function renew() {
    const { refresh } = session.value;
    const { oauth, server, client, options } = await meet();
    const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), refresh, options);
    const tokens = await oauth.processRefreshTokenResponse(server, client, response);
    if (session.value) keep(sessionOf(tokens, session.value)); // else the fan has signed out meanwhile
}

/** A renewed token. The old one goes on until its end where the provider does not answer; where it refuses, all is over then. */
async function renewed() {
    const { until, refresh } = session.value;
    if (refresh) {
        renewing ??= renew().finally(() => {
            renewing = null;
        });
        const failed = await renewing.then(() => null, (error) => error);
        if (!failed) return current();
        if (until <= Date.now() && !failed.error) throw new Problem("busy", 503);
    }
    if (session.value && until <= Date.now()) keep({ ...session.value, ended: true });
    return current();
}

function current() {
    if (session.value?.ended) throw new Problem("unauthorized", 401);
    return session.value?.access;
}

/** The token for a call of the user; none where nobody is signed in, a Problem where that has ended. */
export async function bearer() {
    const { until = null, ended } = session.value ?? {};
    return until !== null && !ended && until - EARLY <= Date.now() ? renewed() : current();
}

/** The server has refused this token: whether there is another one. */
export async function replace(access) {
    if (!session.value?.userId) return false; // it was never good
    if (session.value.access === access) {
        keep({ ...session.value, until: 0 });
        await renewed();
    }
    return true;
}

/** Ends it here and, as far as it offers that, at the provider. */
export async function signOut() {
    const { refresh, idToken } = session.value ?? {};
    keep(null);
    try {
        const { oauth, server, client, options } = await meet();
        if (refresh && server.revocation_endpoint) await oauth.revocationRequest(server, client, oauth.None(), refresh, options);
        const there = new URL(server.end_session_endpoint);
        if (idToken) there.searchParams.set("id_token_hint", idToken);
        there.searchParams.set("client_id", provider.clientId);
        there.searchParams.set("post_logout_redirect_uri", HERE);
        location.assign(there);
    } catch {
        location.reload();
    }
}

// ---- views

/** Leads to the provider, or says that it is away. */
function useWay() {
    const [state, setState] = useState({});
    const click = () => {
        setState({ busy: true });
        go().catch((error) => setState({ error }));
    };
    const away = state.error && html`<p class="error" role="alert">${t("away", host())}</p>`;
    return [click, state.busy, away];
}

export function SignInDialog() {
    const [click, busy, away] = useWay();
    const close = () => {
        asking.value.resolve(null);
        asking.set(null);
    };
    return html`<${Dialog} label=${t("title")} onClose=${close}>
        <h2>${t("title")}</h2>
        <p>${t("lead", host())}</p>
        ${away}
        <div class="actions">
            <button type="button" class="primary first" disabled=${busy} onClick=${click}>${t("sign_in")}</button>
            <button type="button" onClick=${close}>${t("close")}</button>
        </div>
    <//>`;
}

/** What is to be done when the sign-in has ended. */
export function SignInAgain() {
    const [click, busy, away] = useWay();
    const ended = useCell(session)?.ended;
    return html`<div role="alert">${ended && html`<div class="notice">
        <p>${t("ended")}</p>
        ${away}
        <button type="button" class="primary" disabled=${busy} onClick=${click}>${t("again")}</button></div>`}</div>`;
}
