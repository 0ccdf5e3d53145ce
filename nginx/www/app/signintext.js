// What signing in says. Both languages have the same names; test/web holds that.
const english = {
    title: "Please sign in",
    lead: (host) => `You sign in at ${host} and come back to this page. Your place in the queue and your seats are kept.`,
    sign_in: "Sign in",
    close: "Close",
    away: (host) => `Signing in at ${host} does not work just now. Please try again in a moment.`,
    cancelled: "Signing in was cancelled.",
    failed: "Signing in did not work. Please try again.",
    ended: "Your sign-in has ended. Your place in the queue and your seats are kept: sign in again to go on.",
    again: "Sign in again",
};

const korean = {
    title: "로그인해 주세요",
    lead: (host) => `${host}에서 로그인하면 이 화면으로 돌아옵니다. 대기 순서와 선점한 좌석은 그대로 유지됩니다.`,
    sign_in: "로그인",
    close: "닫기",
    away: (host) => `지금은 ${host}에서 로그인할 수 없습니다. 잠시 뒤에 다시 시도해 주세요.`,
    cancelled: "로그인을 취소했습니다.",
    failed: "로그인하지 못했습니다. 다시 시도해 주세요.",
    ended: "로그인이 만료되었습니다. 대기 순서와 좌석은 그대로 유지되니, 다시 로그인해 주세요.",
    again: "다시 로그인",
};

export const signInTexts = { en: english, ko: korean };
