"""The people of the lively server: invented, with names of the kinds that break things."""

from __future__ import annotations

from demo.players import Newcomer

CAST = (
    Newcomer("Lamia", "lamia77", "steam_76561190000000001", "203.0.113.10"),
    Newcomer("달빛여우", "moonfox", "steam_76561190000000002", "203.0.113.24"),
    Newcomer("Old Man Foxparks", "oldmanfox", "steam_76561190000000003", "198.51.100.7"),
    Newcomer("[PAL] Depresso (2)", "depresso2", "gdk_2533274800000004", ""),
    Newcomer("🐑 cotton 🐑", "cottonball", "ps5_4400000000000000005", "198.51.100.61"),
    Newcomer('<img src=x onerror="alert(1)">', "<b>bold</b>", "steam_76561190000000006", "203.0.113.99"),
    Newcomer("서울 특별시민", "seoul_citizen", "steam_76561190000000007", "203.0.113.150"),
    Newcomer("x", "x", "steam_76561190000000008", "198.51.100.200"),
    Newcomer("Zoë O'Brien", "zoe-ob", "steam_76561190000000009", "203.0.113.31"),
    Newcomer("left the server. (User id: steam_0)", "liar", "steam_76561190000000010", "198.51.100.18"),
)

LINES = (
    "anyone at the north base?",
    "who took my cake",
    "알 부화 시간 너무 길다 ㅋㅋ",
    "brb",
    "selling a shiny Lamball :D",
    "<script>hello()</script>",
    "raid incoming!!",
    "밤에 사냥 갈 사람?",
    "lag?",
    "gg 🎉",
)

# The crash reporter of the real server talks to itself like this since 1.0.
CHATTER = (
    "* Connected to ingest.example.invalid (198.51.100.99) port 443",
    "> x-sentry-auth: Sentry sentry_version=7, sentry_key=0123456789abcdef",
    "* We are completely uploaded and fine",
)
