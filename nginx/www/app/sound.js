// Soft tones. A browser lets a page sound only after somebody has used it.
let context = null;

function tone(frequency, start) {
    const gain = context.createGain();
    gain.gain.setValueAtTime(0.0001, start);
    gain.gain.exponentialRampToValueAtTime(0.25, start + 0.03);
    gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.7);
    const oscillator = context.createOscillator();
    oscillator.frequency.value = frequency;
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + 0.75);
}

/** Plays tones: for each its frequency in Hz, and when it begins, in seconds from now. */
export function play(tones) {
    context ??= new AudioContext();
    context.resume().catch(() => {});
    for (const [frequency, start] of tones) tone(frequency, context.currentTime + start);
}

export const chime = () => play([[660, 0], [880, 0.25]]);
