// What standing areas say. Both languages have the same names; test/web holds that.
import { reader } from "./language.js";
import { ko, many } from "./text.js";

const english = {
    title: "Standing",
    left: (count) => `${count.toLocaleString("en")} left`,
    places_of: (section) => `Places in ${section}`,
    fewer: "One fewer",
    more: "One more",
    take: (count, total) => `Hold ${many(count, "place", "places")} · ${total}`,
    take_of: (section, count, total) => `Hold ${many(count, "place", "places")} · ${total}: ${section}`,
};

const korean = {
    title: "스탠딩",
    left: (count) => `${ko(count)}장 남음`,
    places_of: (section) => `${section} 매수`,
    fewer: "한 장 줄이기",
    more: "한 장 늘리기",
    take: (count, total) => `${ko(count)}장 선점 · ${total}`,
    take_of: (section, count, total) => `${ko(count)}장 선점 · ${total}: ${section}`,
};

export const say = reader({ en: english, ko: korean });
