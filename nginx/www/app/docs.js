// The page /docs/: a viewer shows openapi.yaml, and calls this server, perhaps below a path.

import "../vendor/openapi-explorer.js";

const viewer = document.querySelector("openapi-explorer");
viewer.setAttribute("server-url", new URL("..", location).href.replace(/\/$/, ""));
viewer.setAttribute("spec-url", new URL("openapi.yaml", location).href);
