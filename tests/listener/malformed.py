"""What requests look like that break a rule of HTTP, or lean on one that servers read differently."""

from typing import Final

METHODS: Final = (
    "GET",
    "HEAD",
    "PUT",
    "DELETE",
    "PATCH",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "BREW",
    "POST\t",
    "P" * 5000,
    "\0POST",
    "",
)

LINES: Final = (
    "POST {path}",
    "post {path} HTTP/1.1",
    "POST  {path}  HTTP/1.1",
    "POST {path} HTTP/9.9",
    "POST {path} HTTP/1.1 HTTP/1.1",
    "POST {path} HTTP/1.1\0",
    "POST {path} ICE/1.0",
    "POST\t{path}\tHTTP/1.1",
    " POST {path} HTTP/1.1",
    "POST wiro{path} HTTP/1.1",
    "POST * HTTP/1.1",
    "OPTIONS * HTTP/1.1",
    "POST // HTTP/1.1",
    "POST /\\..\\..\\ HTTP/1.1",
    "POST /[::1 HTTP/1.1",
    "POST /%zz%\x7f HTTP/1.1",
    "GET " + "/" * 9000 + " HTTP/1.1",
    "PRI * HTTP/2.0",
    "HTTP/1.1 200 OK",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "",
    "\0" * 100,
)
"""Request lines; `{path}` is a callback's."""

HOSTS: Final = (
    "x",
    "127.0.0.1",
    "user:pass@x:99999",
    "[::1]",
    "[",
    "[fe80::1%25x]",
    "x:y",
    "xn--",
    "xn--a",
    "xn--99999999999",
    "%ff",
    "\u00fc",
    "a" * 300,
    "..",
    "",
)
"""Of absolute addresses."""

HEADERS: Final = (
    b"Host: y",
    b"no colon",
    b": no name",
    b"Spaced : x",
    b"Folded: a\r\n b",
    b"Nul: \0",
    b"N\0ul: x",
    b"Control: \x01\x7f",
    b"Bare: a\nb: c",
    b"Bare: a\rb: c",
    b"\xff\xfe: \xff",
    "\u00dc: \u00fc\u2028".encode(),
    b"Content-Type: multipart/form-data; boundary=" + b"x" * 500,
    b"Content-Type: ;;;=\xff",
    b"Cookie: " + b"a=b; " * 300,
    b"Sec-WebSocket-Key1: x",
    b"Range: bytes=-1",
    b"If-Modified-Since: never",
    b"X-Forwarded-For: ${jndi:ldap://x}",
    b"Host: [::1",
    b"Connection: " + b"close, " * 200,
)

LENGTHS: Final = (
    "-1",
    "+2",
    "0x2",
    "2, 2",
    "2 2",
    "9" * 30,
    "18446744073709551615",
    "\u0662",
    "",
    "2.0",
    "1e1",
    "0",
    "1",
    "50",
    "70000",
)
"""Content-Length of a body of two bytes."""

CHUNKS: Final = (
    b"-1\r\n{}\r\n0\r\n\r\n",
    b"0x2\r\n{}\r\n0\r\n\r\n",
    b"f" * 40 + b"\r\n{}",
    b"2;" + b"e" * 20_000 + b"\r\n{}\r\n0\r\n\r\n",
    b"2\r\n{}0\r\n\r\n",
    b"2\n{}\n0\n\n",
    b"3\r\n{}\r\n0\r\n\r\n",
    b"\r\n\r\n",
    b"g\r\n",
    b"2\r\n{}\r\n0\r\nX: " + b"t" * 20_000 + b"\r\n\r\n",
    b"2\r\n{}\r\n0\r\n" + b"T: t\r\n" * 500 + b"\r\n",
    b"2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n",
    b"1\r\n{\r\n" * 500 + b"0\r\n\r\n",
    b" 2\r\n{}\r\n0\r\n\r\n",
    b"2\r\n{}\r\n00000000000000000000\r\n\r\n",
)
"""Bodies in chunks, of which some are sound."""

FRAMINGS: Final = (
    b"Content-Length: %d\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nContent-Length: %d",
    b"Content-Length: 0\r\nContent-Length: %d",
    b"Content-Length: 0, %d",
    b"Content-Length: %d\r\nTransfer-Encoding: xchunked",
    b"Content-Length: %d\r\nTransfer-Encoding : chunked",
    b"Content-Length: %d\r\nTransfer-Encoding:\x0bchunked",
    b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    b"Content-Length: %d\r\nTransfer-Encoding: identity, chunked, identity",
    b"Content-Length: %d\r\nX: y\nTransfer-Encoding: chunked",
)
"""Headers of which two servers may read different ends of the body; one number is to be filled in."""


def wrong_tokens(token: str) -> tuple[str, ...]:
    """Return what a careless server may take for this callback token."""
    return (
        token[:-1],
        token + "A",
        token + "%0a",
        token + "%00",
        token + "/",
        token + "/" + token,
        token + "%",
        token + ";" + token,
        "%2e%2e%2f" + token,
        "../callback/" + token,
        "./" + token,
        "%" * 43,
        "%ff%fe" + token,
        "%c0%af" * 7 + "A",
        "".join(f"%{ord(letter):02x}" for letter in token),
        "\u00e9" * 43,
        "\uff41" * 43,
        "A" * 50,
        "A" * 5000,
        "A" * 20_000,
        "{token}",
        "",
    )
