// The address behind the #: which page is shown, and how.
import { useEffect, useState } from "./view.js";

/** Without a slash at its end, as others add to links. */
function readAddress() {
    const [path, query = ""] = location.hash.slice(1).split("?");
    return { path: path.replace(/\/+$/, ""), query: Object.fromEntries(new URLSearchParams(query)) };
}

/** The address of a path with the members of a query; those that are empty are left out. */
export function addressOf(path, query) {
    const given = Object.entries(query).filter(([, value]) => value !== "");
    return `#${path || "/"}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
}

/** The path behind the # and the members of its query; drawn again when they change. */
export function useAddress() {
    const [address, setAddress] = useState(readAddress);
    useEffect(() => {
        const change = () => setAddress(readAddress());
        addEventListener("hashchange", change);
        return () => removeEventListener("hashchange", change);
    }, []);
    return address;
}
