// What wait lists say. Both languages have the same names; test/web holds that.
import { reader } from "./language.js";
import { ko, many } from "./text.js";

const english = {
    title: "Wait for returned seats",
    lead: "When somebody gives seats back, we hold them for the first who waits.",
    others: (count) => `${many(count, "person is", "people are")} waiting for this date.`,
    seats: (count) => many(count, "seat", "seats"),
    up_to: (amount) => `up to ${amount} each`,
    join: "Wait for returned seats",
    waiting: (position) => `You are number ${position} on the wait list.`,
    means: "If seats come back for you, they are held here and under My tickets, and you have time to pay. Please look in now and then.",
    leave: "Stop waiting",
    left: "You are no longer on the wait list.",
    offered: (count) => `${many(count, "seat has", "seats have")} come back for you.`,

    refused_seats_available: "Such seats can be had right now. Please choose them.",
    refused_seats_not_available: "This date has no such seats. Try fewer, another section or another price.",
    refused_already_waiting: "You are waiting for other seats of this date already.",
    refused_queue_full: "Too many people are waiting for this date.",
    refused_seat_limit_reached: "With these you would have more seats than one person may have for this concert.",
};

const korean = {
    title: "취소표 대기",
    lead: "취소표가 나오면 먼저 대기하신 분께 좌석을 잡아 드립니다.",
    others: (count) => `지금 ${ko(count)}명이 기다리고 있습니다.`,
    seats: (count) => `${ko(count)}석`,
    up_to: (amount) => `한 석에 ${amount} 이하`,
    join: "취소표 대기 신청",
    waiting: (position) => `취소표 대기 ${ko(position)}번째입니다.`,
    means: "차례가 되어 취소표가 나오면 좌석을 잡아 두고 이곳과 내 예매에 알려 드립니다. 시간 안에 결제해 주세요. 가끔 들러 확인해 주세요.",
    leave: "대기 취소",
    left: "취소표 대기를 취소했습니다.",
    offered: (count) => `기다리시던 취소표 ${ko(count)}석이 나왔습니다.`,

    refused_seats_available: "지금 바로 예매할 수 있는 좌석이 있습니다. 좌석을 골라 주세요.",
    refused_seats_not_available: "이 회차에는 조건에 맞는 좌석이 없습니다. 매수나 구역, 가격을 바꿔 주세요.",
    refused_already_waiting: "이 회차에서 이미 다른 조건으로 대기하고 있습니다.",
    refused_queue_full: "대기하는 분이 너무 많아 더 받을 수 없습니다.",
    refused_seat_limit_reached: "이 공연에서 한 사람이 가질 수 있는 매수를 넘습니다.",
};

export const say = reader({ en: english, ko: korean });
