// An identity provider for tests: oidc-provider, with a page where everybody is who they say.
//   node provider.mjs FOLDER    where scripts/lib/web-tools has installed oidc-provider
// Each line on stdin is JSON. The first one says {port, shop, key}: the address of the pages, and the private JWK that
// signs; each later one changes how it behaves. A line on stdout says that it is done.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

console.info = console.warn; // its notices are no answers of ours
const { Provider } = await import(pathToFileURL(`${process.argv[2]}/node_modules/oidc-provider/lib/index.js`));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { port, shop, key } = JSON.parse((await lines.next()).value);
const issuer = `http://127.0.0.1:${port}`;
const behaviour = { accessSeconds: 600, refresh: true, audience: null, issuer };

async function grantAll({ oidc }) {
    const known = oidc.session.grantIdFor(oidc.client.clientId);
    if (known) return provider.Grant.find(known);
    const grant = new provider.Grant({ accountId: oidc.session.accountId, clientId: oidc.client.clientId });
    grant.addOIDCScope("openid profile");
    await grant.save();
    return grant;
}

const provider = new Provider(issuer, {
    clients: [{
        client_id: "pages", token_endpoint_auth_method: "none", grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"], redirect_uris: [shop], post_logout_redirect_uris: [shop], id_token_signed_response_alg: "ES256",
    }],
    jwks: { keys: [key] },
    cookies: { keys: ["of tests"] },
    claims: { openid: ["sub"], profile: ["name"] },
    conformIdTokenClaims: false,
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId, name: `${accountId} Kim` }) }),
    loadExistingGrant: grantAll,
    clientBasedCORS: (_, origin) => origin === new URL(shop).origin,
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    issueRefreshToken: () => behaviour.refresh,
    ttl: { AccessToken: () => behaviour.accessSeconds, Grant: 3600, IdToken: 3600, Interaction: 3600, RefreshToken: 3600, Session: 3600 },
    features: {
        devInteractions: { enabled: false },
        resourceIndicators: {
            enabled: true,
            useGrantedResource: () => true,
            getResourceServerInfo: (_, resource) => ({
                scope: "", audience: behaviour.audience ?? resource, accessTokenFormat: "jwt", jwt: { sign: { alg: "ES256" } },
            }),
        },
        revocation: { enabled: true },
        rpInitiatedLogout: {
            logoutSource: (context, form) => {
                context.body = page(`${form}<button type="submit" form="op.logoutForm" name="logout" value="yes">Leave</button>`);
            },
        },
    },
    renderError: (context, { error }) => {
        context.type = "text";
        context.body = error;
    },
});

const page = (body) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>Provider</title><h1>Provider</h1>${body}</html>`;

async function readForm(request) {
    let text = "";
    for await (const part of request) text += part;
    return new URLSearchParams(text);
}

/** The page where one says who one is, or does not. */
async function interact(request, response, cancels) {
    const finish = (result) => provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    if (cancels) return finish({ error: "access_denied", error_description: "cancelled" });
    if (request.method === "POST") return finish({ login: { accountId: (await readForm(request)).get("login") } });
    response.setHeader("Content-Type", "text/html");
    return response.end(page(`<form method="post"><input name="login" aria-label="Login"><button>Continue</button></form>
        <a href="${request.url}/cancel">Cancel</a>`));
}

const answer = provider.callback();
createServer((request, response) => {
    const interaction = /^\/interaction\/[^/]+(\/cancel)?$/.exec(request.url);
    if (interaction) {
        interact(request, response, interaction[1]).catch((error) => response.writeHead(400).end(error.message));
    } else if (behaviour.issuer !== issuer && request.url.startsWith("/.well-known/")) {
        response.writeHead(200, { "Content-Type": "application/json", "Access-Control-Allow-Origin": "*" });
        response.end(JSON.stringify({ issuer: behaviour.issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token` }));
    } else {
        answer(request, response);
    }
}).listen(port, "127.0.0.1", () => console.log("listening"));

for await (const line of lines) {
    Object.assign(behaviour, JSON.parse(line));
    console.log("changed");
}
process.exit();
