"""How the page looks, in light and in dark."""

STYLE = """
:root { color-scheme: light dark; --ground: #f6f5f1; --ink: #1d1b18; --quiet: #716c63; --line: #dcd8cf; --paper: #fff }
@media (prefers-color-scheme: dark) {
  :root { --ground: #161513; --ink: #e9e5dc; --quiet: #9b958a; --line: #34312c; --paper: #efece5 }
}
* { box-sizing: border-box; margin: 0 }
body { background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; padding: 4rem 4vw 5rem;
  font-variant-numeric: tabular-nums }
main, header, footer { max-width: calc(var(--columns) * 20rem); min-width: 0; margin: 0 auto }
h1, h2, .name { font-family: "Iowan Old Style", "Palatino Linotype", Palatino, Georgia, serif; font-weight: 400 }
h1 { font-size: 2.6rem; line-height: 1.1; letter-spacing: -0.01em; overflow-wrap: anywhere }
h2 { font-size: 1.25rem; margin: 3.5rem 0 1rem }
header p, footer { color: var(--quiet) }
header p { margin-top: .7rem }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; white-space: nowrap }
th, td { padding: .45rem 0 .45rem 1.6rem; text-align: right; border-bottom: 1px solid var(--line); font-weight: 400 }
thead th { color: var(--quiet); font-size: .8rem; vertical-align: bottom; border-bottom-color: var(--quiet) }
th:first-child { padding-left: 0; text-align: left }
td.best { font-weight: 650 }
.row { display: grid; grid-template-columns: repeat(var(--columns), minmax(9.5rem, 1fr)); gap: 0 1.5rem;
  padding: 1.5rem 0 1.75rem; border-top: 1px solid var(--line); min-width: calc(var(--columns) * 11rem - 1.5rem) }
.head { padding: 0 0 .5rem; border: 0; color: var(--quiet); font-size: .8rem }
.paper { background: var(--paper); aspect-ratio: 1; border: 1px solid var(--line); overflow: hidden;
  isolation: isolate }
.paper img { display: block; width: 100%; height: 100%; mix-blend-mode: multiply }
.none { background: none; border-style: dashed }
figcaption { margin-top: .7rem; font-size: .78rem; line-height: 1.55; color: var(--quiet) }
.name { font-size: 1.05rem; line-height: 1.3; color: var(--ink); overflow-wrap: anywhere }
figcaption dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(4rem, 1fr)); gap: .35rem .6rem }
dt { white-space: nowrap }
figcaption dt { font-size: .7rem; line-height: 1.3 }
dd { color: var(--ink); overflow-wrap: anywhere }
figcaption dd { font-size: .85rem; line-height: 1.3 }
footer dl { display: grid; grid-template-columns: auto 1fr; column-gap: 1.6rem; font-size: .85rem }
footer dd { color: var(--quiet) }
footer h2, footer dt, footer li { color: var(--ink) }
footer ul { padding-left: 1.1rem; font-size: .85rem; overflow-wrap: anywhere }
footer > p { margin-top: 3rem; font-size: .8rem }
@media print { body { padding: 0; background: none } .row { break-inside: avoid } }
"""
