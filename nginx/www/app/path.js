// The address behind the #: which page is shown.
import { useEffect, useState } from "./view.js";

/** The path behind the #, without what others add to links: a query, a slash at its end. */
function readPath() {
    return location.hash.slice(1).replace(/\?.*/, "").replace(/\/+$/, "");
}

/** The path behind the #; drawn again when it changes. */
export function usePath() {
    const [path, setPath] = useState(readPath);
    useEffect(() => {
        const change = () => setPath(readPath());
        addEventListener("hashchange", change);
        return () => removeEventListener("hashchange", change);
    }, []);
    return path;
}
