// The address behind the #: which page is shown.
import { useEffect, useState } from "./view.js";

/** The path behind the #; drawn again when it changes. */
export function usePath() {
    const [path, setPath] = useState(location.hash.slice(1));
    useEffect(() => {
        const change = () => setPath(location.hash.slice(1));
        addEventListener("hashchange", change);
        return () => removeEventListener("hashchange", change);
    }, []);
    return path;
}
