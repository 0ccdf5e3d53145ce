// The camera, and the codes that it sees: by the browser's BarcodeDetector, or by a library where it has none.
const LOOK_MS = 120;
const SAME_MS = 3000; // a code that stays in the picture is told once
const PICTURE = { facingMode: "environment", width: { ideal: 960 } };

/** A detector of QR codes. */
export async function findDetector() {
    const formats = await globalThis.BarcodeDetector?.getSupportedFormats().catch(() => []);
    const { BarcodeDetector } = formats?.includes("qr_code") ? globalThis : await import("../vendor/qrread.js");
    return new BarcodeDetector({ formats: ["qr_code"] });
}

/** Shows the camera in a <video>, and tells each code that it sees, until the returned function is called. */
export async function watch(video, onCode) {
    const [detector, stream] = await Promise.all([findDetector(), navigator.mediaDevices.getUserMedia({ video: PICTURE })]);
    let timer;
    let ended = false;
    const seen = new Map(); // code -> when last
    const tell = ({ rawValue }) => {
        const now = performance.now();
        if (!(now - seen.get(rawValue) < SAME_MS)) onCode(rawValue);
        seen.set(rawValue, now);
    };
    const look = async () => {
        if (!document.hidden && video.readyState >= video.HAVE_CURRENT_DATA) {
            const codes = await detector.detect(video).catch(() => []); // a frame that is not there yet
            if (!ended) codes.forEach(tell);
        }
        if (!ended) timer = setTimeout(look, LOOK_MS);
    };
    video.srcObject = stream;
    await video.play().catch(() => {}); // it was left meanwhile
    look();
    return () => {
        ended = true;
        clearTimeout(timer);
        video.srcObject = null;
        for (const track of stream.getTracks()) track.stop();
    };
}
