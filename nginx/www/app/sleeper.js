// A worker that sleeps for the page: a hidden tab's own timers may be a minute late.
onmessage = ({ data: { id, milliseconds } }) => setTimeout(() => postMessage(id), milliseconds);
