"""Bad mail: met in the wild, or made to hurt."""

from harness import inquiry

MEGABYTE = 1000000


def nested(depth):
    """An inquiry at the bottom of so many multiparts."""
    head, _, body = inquiry(20).partition(b"\n\n")
    head = head.replace(b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit",
                        b'Content-Type: multipart/mixed; boundary="b0"')
    parts = [head, b"\n\n"]
    for n in range(1, depth):
        parts.append(b'--b%d\nContent-Type: multipart/mixed; boundary="b%d"\n\n' % (n - 1, n))
    parts.append(b"--b%d\nContent-Type: text/plain; charset=utf-8\n\n" % (depth - 1) + body)
    parts += [b"\n--b%d--\n" % n for n in reversed(range(depth))]
    return b"".join(parts)


def many_parts(number):
    head, _, body = inquiry(21).partition(b"\n\n")
    head = head.replace(b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit",
                        b'Content-Type: multipart/mixed; boundary="b"')
    part = b"--b\nContent-Type: text/plain\n\nx\n"
    return head + b"\n\n--b\nContent-Type: text/plain\n\n" + body + part * number + b"--b--\n"


def html(body):
    return inquiry(22).replace(b"text/plain", b"text/html").partition(b"\n\n")[0] + b"\n\n" + body


BAD = {
    "one line of 30 MB": inquiry(1, text="x" * 30 * MEGABYTE),
    "one word after the other for 20 MB": inquiry(1, text="Name: " * (20 * MEGABYTE // 6)),
    "300 nested multiparts": nested(300),
    "300,000 parts": many_parts(300000),
    "no headers at all": b"\nPlease call me about the roof, 312 555 0142.\n",
    "an empty line": b"\n",
    "headers alone": inquiry(2).partition(b"\n\n")[0] + b"\n",
    "NUL bytes": inquiry(3, text="before \0\0\0 after\n").replace(b"roof", b"ro\0of"),
    "NUL in headers": inquiry(4, subject="Ro\0of"),
    "invalid UTF-8": inquiry(5).replace(b"roof", b"\xff\xfe\xc3(\xed\xa0\x80 roof"),
    "header of 2 MB": inquiry(6, extra="X-Long: " + "x" * 2 * MEGABYTE + "\n"),
    "20,000 header fields": inquiry(7, extra="X-Many: y\n" * 20000),
    "folded 100,000 times": inquiry(8, extra="X-Folded: y\n" + " y\n" * 100000),
    "two From fields and none whole": inquiry(9, extra="From: <<a@b\nFrom: ,,;:\n"),
    "a Content-Type that does not end": inquiry(
        10, extra='Content-Type: multipart/mixed; boundary="' + "\\\"'" * 3000 + "\n"),
    "continued parameters without end": inquiry(
        11, extra="Content-Type: text/plain;" + "".join(f" a*{n}*=%41;\n" for n in range(5000))
        + " z=1\n"),
    "100,000 nested divs": html(b"<div>" * 100000 + b"Name: Ada"),
    "tags that never close": html(b"<" * 500000 + b"<a href='" * 100000),
    "base64 that is none": inquiry(12).replace(b"Encoding: 8bit", b"Encoding: base64"),
    "unknown charset": inquiry(13).replace(b"utf-8", b"x-klingon"),
    "utf-16": inquiry(14).replace(b"utf-8", b"utf-16")[:-100] + b"\xd8\x00" * 301,
    "encoded words without end": inquiry(15, subject="=?utf-8?q?=C3?= " * 5000),
    "quoted 5,000 deep": inquiry(16, text=(">" * 5000 + " x\n") * 50),
    "forwarded 2,000 times": inquiry(17, text="---------- Forwarded message ---------\n"
                                     "From: A <a@example.net>\nSubject: x\n\n" * 2000),
    "groups nested 48,000 deep": inquiry(18, extra="Cc: " + "a:" * 48000 + "\n"),
    "a tag of 100,000 attributes in ADF": inquiry(
        19, text="<adf><prospect " + "".join(f'a{n}="" ' for n in range(100000)) + "/></adf>\n"),
    "2 MB of style that does not end": html(b"<style>" * 300000),
    "500,000 paragraphs": html(b"<p>x" * 500000),
    "50,000 table rows": html(b"<table>" + b"<tr><td>Name:</td><td>Ada</td></tr>" * 50000),
    "2 MB of line ends": inquiry(24, text="\n" * 2 * MEGABYTE),
    "1 MB of JSON": inquiry(25).partition(b"\n\n")[0] + b"\n\n{" + b'"k":"v",' * 120000 + b'"k":1}',
    "binary": bytes(range(256)) * 4000,
}
