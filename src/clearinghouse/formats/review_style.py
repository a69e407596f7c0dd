"""The style of a report's page: light, dark and print; contrasts of at least 4.5 to 1 for text, 3 to 1 for drawings."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root{--paper:#fff;--ink:#1b1f24;--faint:#57606a;--line:#d0d7de;--a:#0b5cad;--b:#a33b00;--c:#5b3a9b;
--pass:#1a6b3a;--fail:#8d5a00;--none:#5d6670;--on:#fff}
@media (prefers-color-scheme:dark){:root{--paper:#14181d;--ink:#e6eaee;--faint:#a4adb7;--line:#38414b;--a:#6cb2ff;
--b:#ff9d66;--c:#c3a6ff;--pass:#5fce8a;--fail:#f0b64a;--none:#aab3bd;--on:#101418}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:62rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.7rem;line-height:1.25;margin:.5rem 0}
h2{font-size:1.25rem;margin:2.5rem 0 .5rem;padding-bottom:.25rem;border-bottom:1px solid var(--line)}
dl{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:.3rem 1rem;margin:1rem 0}
dt{color:var(--faint)}dd{margin:0;overflow-wrap:anywhere}
figure{margin:1.25rem 0}figcaption,caption{font-weight:600;text-align:left;padding:.25rem 0}
svg{display:block;width:100%;max-width:48rem;height:auto}
svg text{fill:var(--ink);font:13px system-ui,sans-serif}svg text.faint{fill:var(--faint)}
svg .grid{stroke:var(--line)}svg .interval{stroke:var(--a);stroke-width:2.5}svg .dot{fill:var(--a)}
svg .pass{fill:var(--pass)}svg .fail{fill:var(--fail)}svg .none{fill:var(--none)}
svg .on-pass,svg .on-fail,svg .on-none{fill:var(--on)}
svg .curve{fill:none;stroke-width:2.5}svg .c0{stroke:var(--a)}svg .c1{stroke:var(--b)}svg .c2{stroke:var(--c)}
.wide{overflow-x:auto;margin:1rem 0}.wide:focus-visible{outline:2px solid var(--a)}
table{border-collapse:collapse;font-size:.92rem;min-width:100%}
th,td{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line)}
thead th{color:var(--faint);font-weight:600}tbody th{font-weight:500}
.verbatim{white-space:pre-wrap;overflow-wrap:anywhere;margin:1rem 0;padding:.75rem 1rem;border-left:4px solid var(--a)}
@media screen and (max-width:40rem){svg{min-width:36rem}dl{grid-template-columns:1fr}dt{margin-top:.5rem}}
@media print{:root{--paper:#fff;--ink:#000;--faint:#333;--line:#999;--a:#0b5cad;--b:#a33b00;--c:#5b3a9b;
--pass:#1a6b3a;--fail:#8d5a00;--none:#5d6670;--on:#fff}
body{font-size:11pt}main{max-width:none;padding:0}section{break-inside:auto}figure,tr{break-inside:avoid}
.wide{overflow:visible}table{font-size:8.5pt}svg *{print-color-adjust:exact}}
"""
