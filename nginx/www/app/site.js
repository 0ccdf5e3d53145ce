// Where Frontrow is: at the root of its site, or under a path beside other things ("/shop/").
const root = new URL("../../../", import.meta.url);

/** The address of a path as the API has it: "/concert/1". */
export function address(path) {
    return new URL(`.${path}`, root).href;
}

/** The name under which a browser keeps something for this Frontrow, and not for another one of the same site. */
export function storageName(name) {
    return root.pathname === "/" ? `frontrow.${name}` : `frontrow${root.pathname}.${name}`;
}
