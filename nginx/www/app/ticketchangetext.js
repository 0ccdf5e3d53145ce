// What transfers and the giving back of single seats say. Both languages have the same names; test/web holds that.
import { reader } from "./language.js";
import { ko, many } from "./text.js";

const english = {
    offers: "Offered to you",
    offered: (name, count) => `${name} wants to give you ${many(count, "ticket", "tickets")}.`,
    accept_means: "When you accept, the tickets are yours, with new codes; the old codes are no longer valid. A refund would go to who paid.",
    until: (when) => `The offer can be accepted until ${when}.`,
    accept: "Accept",
    accepted: "The tickets are yours.",
    decline: "Decline",
    decline_sure: (name) => `Decline the offer of ${name}?`,
    declined: "The offer was declined.",

    transfer: "Give to somebody else",
    transfer_means: "Once they accept, all seats of this reservation are theirs, and your codes are no longer valid. A refund would still go to who paid.",
    to_user: "User ID or name of who gets them",
    transfer_offer: "Offer",
    transfer_sure: (name) => `Offer these tickets to ${name}?`,
    pending: (name) => `Offered to ${name}.`,
    withdraw: "Withdraw the offer",
    withdrawn: "The offer was withdrawn.",

    seat_return: "Refund single seats",
    seat_return_do: (count) => (count ? `Refund ${many(count, "seat", "seats")}` : "Refund"),

    refused_invalid_field: "Please check the user ID. It cannot be your own.",
    refused_seat_limit_reached: "With these you would have more seats than one person may have for this concert.",
    refused_not_cancellable: "The concert has started, or one of the tickets was used already.",
    refused_seats_belong_together: "A wheelchair place and its companion's seat are given back together. Please choose both.",
};

const korean = {
    offers: "양도받을 예매",
    offered: (name, count) => `${name} 님이 ${ko(count)}석을 양도하려고 합니다.`,
    accept_means: "수락하면 예매가 내 것이 되고 입장 코드가 새로 발급됩니다. 이전 코드는 더 이상 쓸 수 없습니다. 환불하면 금액은 처음 결제하신 분께 돌아갑니다.",
    until: (when) => `${when}까지 수락할 수 있습니다.`,
    accept: "수락",
    accepted: "예매를 양도받았습니다.",
    decline: "거절",
    decline_sure: (name) => `${name} 님의 양도를 거절할까요?`,
    declined: "양도를 거절했습니다.",

    transfer: "다른 분께 양도",
    transfer_means: "상대방이 수락하면 이 예매의 모든 좌석이 넘어가고, 지금의 입장 코드는 쓸 수 없게 됩니다. 양도한 뒤에 환불하더라도 금액은 처음 결제하신 분께 돌아갑니다.",
    to_user: "받으실 분의 아이디 또는 이름",
    transfer_offer: "양도하기",
    transfer_sure: (name) => `${name} 님께 양도할까요?`,
    pending: (name) => `${name} 님께 양도를 제안했습니다.`,
    withdraw: "양도 취소",
    withdrawn: "양도를 취소했습니다.",

    seat_return: "일부 좌석만 환불",
    seat_return_do: (count) => (count ? `${ko(count)}석 환불` : "환불"),

    refused_invalid_field: "아이디를 확인해 주세요. 본인에게는 양도할 수 없습니다.",
    refused_seat_limit_reached: "양도받으면 이 공연에서 한 사람이 가질 수 있는 매수를 넘습니다.",
    refused_not_cancellable: "공연이 시작되었거나 이미 입장에 쓰인 좌석이 있습니다.",
    refused_seats_belong_together: "휠체어석과 동반석은 함께만 환불할 수 있습니다. 두 좌석을 모두 골라 주세요.",
};

export const say = reader({ en: english, ko: korean });
