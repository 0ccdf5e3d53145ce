"""What a camera of chromium sees: tickets that are held before it."""

import io

PIXELS = 8  # of a module of a code


def to_picture(code, size=(640, 480)):
    """A code as a camera sees it: black on white, in grey surroundings."""
    import zxingcpp
    from PIL import Image

    made = zxingcpp.create_barcode(code, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    bars = Image.fromarray(made.to_image(scale=PIXELS, add_quiet_zones=True)).convert("L")
    picture = Image.new("L", size, 128)
    picture.paste(bars, ((size[0] - bars.width) // 2, (size[1] - bars.height) // 2))
    return picture


def write_y4m(path, pictures):
    """A film without end: chromium begins it again."""
    width, height = pictures[0].size
    film = io.BytesIO()
    film.write(b"YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420\n" % (width, height))
    for picture in pictures:
        film.write(b"FRAME\n" + picture.tobytes() + bytes([128]) * (width * height // 2))
    path.write_bytes(film.getvalue())


def hold_before_camera(path, *codes):
    """Makes a film of these codes; returns with which arguments a browser has it for its camera."""
    write_y4m(path, [to_picture(code) for code in codes for _ in range(20)])
    return ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={path}"]
