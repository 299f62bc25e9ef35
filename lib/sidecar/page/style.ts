/** The look of the page. Colours are named once, for light and dark. */
export const style = `
:root {
  color-scheme: light dark;
  --back: #f7f8f9; --sheet: #ffffff; --ink: #1c2126; --muted: #5a646e; --line: #dfe3e7; --soft: #eef1f4;
  --link: #1a56b0; --focus: #1a56b0; --good: #1a6e3f; --warn: #8a5200; --bad: #b02a1f;
  --good-back: #e5f3ea; --warn-back: #fcf0dc; --bad-back: #fbe7e5; --mark: #ffe58a; --area: #1a56b01a;
  --mono: ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #14171a; --sheet: #1b1f23; --ink: #e3e7eb; --muted: #9aa5af; --line: #30363d; --soft: #262b31;
    --link: #86b7f7; --focus: #86b7f7; --good: #74cf98; --warn: #e6b45c; --bad: #f58f85;
    --good-back: #1c3326; --warn-back: #3a2d14; --bad-back: #43211f; --mark: #6b5710; --area: #86b7f724;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--back); color: var(--ink); font: 14px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif; }
a { color: var(--link); text-decoration: none; }
a:hover, .note a, .rest a, p a { text-decoration: underline; text-underline-offset: 2px; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 3px; }
main:focus { outline: none; }
h1, h2, h3, p, ul, ol, dl, dd, figure { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h1 { font-size: 20px; line-height: 1.3; font-weight: 600; overflow-wrap: anywhere; }
h2 { font-size: 14px; font-weight: 600; }
h3 { font-size: 14px; font-weight: 600; }
h1 .muted, h2 .muted, h3 .muted, h1 .of { font-weight: 400; }
h1 .muted, h1 .of { font-size: 16px; }
.muted, .num .muted { color: var(--muted); }
.heard { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -999px; top: 0; background: var(--sheet); padding: 8px 12px; z-index: 2; }
.skip:focus { left: 8px; top: 8px; }
mark { background: var(--mark); color: inherit; border-radius: 2px; }
.unseen { color: var(--bad); font: 11px var(--mono); border: 1px solid currentColor; border-radius: 3px; padding: 0 2px; margin: 0 1px; }

.top { display: flex; align-items: center; gap: 4px 20px; padding: 0 24px; min-height: 48px; background: var(--sheet); border-bottom: 1px solid var(--line); flex-wrap: wrap; }
.brand { display: inline-flex; align-items: center; gap: 7px; font-weight: 650; font-size: 15px; color: var(--ink); }
.brand:hover { text-decoration: none; }
.brand .icon { color: var(--link); width: 18px; height: 18px; stroke-width: 2; }
.top nav { display: flex; gap: 2px; }
.top nav a { color: var(--muted); padding: 13px 10px 11px; border-bottom: 2px solid transparent; }
.top nav a:hover { color: var(--ink); text-decoration: none; }
.top nav a[aria-current] { color: var(--ink); border-color: var(--link); font-weight: 550; }
.find { margin-left: auto; position: relative; }
.find input { width: 260px; padding: 5px 28px 5px 10px; }
.find kbd { position: absolute; right: 7px; top: 50%; transform: translateY(-50%); font: 11px var(--mono); color: var(--muted); border: 1px solid var(--line); border-radius: 4px; padding: 0 5px; pointer-events: none; }
.find input:focus + kbd { visibility: hidden; }
input { font: inherit; color: inherit; background: var(--back); border: 1px solid var(--line); border-radius: 6px; }
input::placeholder { color: var(--muted); opacity: 1; }
button { font: inherit; font-size: 13px; color: var(--sheet); background: var(--link); border: 0; border-radius: 6px; padding: 6px 14px; cursor: pointer; }

button.plain { color: var(--ink); background: var(--soft); border: 1px solid var(--line); padding: 4px 12px; }
button.copy { color: var(--muted); background: none; border: 1px solid var(--line); padding: 0 7px; font: 11px/22px system-ui, sans-serif; border-radius: 4px; vertical-align: 1px; }
button.copy:hover { color: var(--ink); border-color: currentColor; }
[hidden] { display: none !important; }
code { font: 12.5px/1.5 var(--mono); overflow-wrap: anywhere; }
a.quiet { color: inherit; }
a.quiet:hover { color: var(--link); }
footer { display: flex; flex-wrap: wrap; gap: 4px 24px; max-width: 1180px; margin: 0 auto; padding: 14px 24px 40px; color: var(--muted); font-size: 12.5px; border-top: 1px solid var(--line); }
footer nav { display: flex; flex-wrap: wrap; gap: 4px 16px; }

main { display: flex; flex-direction: column; gap: 20px; max-width: 1180px; margin: 0 auto; padding: 20px 24px 40px; min-height: calc(100vh - 120px); }
main[data-paused]:not([data-lost])::before { content: attr(data-paused); padding: 8px 12px; border-radius: 6px; color: var(--muted); border: 1px solid var(--line); }
main[data-lost]::before { content: attr(data-lost); padding: 8px 12px; border-radius: 6px; background: var(--bad-back); color: var(--bad); }
.headed { display: flex; align-items: baseline; justify-content: space-between; gap: 4px 16px; flex-wrap: wrap; }
.headed + * { margin-top: 8px; }
main > .headed + * { margin-top: 0; }
.headed nav { display: flex; gap: 14px; }
.note { padding: 8px 12px; border-radius: 6px; overflow-wrap: anywhere; }
.note.bad { background: var(--bad-back); color: var(--bad); }
.note.warn { background: var(--warn-back); color: var(--warn); }
.note.good { background: var(--good-back); color: var(--good); }
.note:not(.bad, .warn, .good) { background: var(--soft); }
.note a { color: inherit; }
.command { display: inline-block; max-width: 100%; margin: 4px 0; padding: 3px 8px; font: 12.5px/1.5 var(--mono); background: var(--soft); border-radius: 4px; overflow-wrap: anywhere; user-select: all; }
.empty { padding: 28px 16px; text-align: center; color: var(--muted); border: 1px dashed var(--line); border-radius: 8px; }
.icon { flex: none; }

.facts { display: flex; flex-wrap: wrap; gap: 8px 36px; }
.facts div { display: flex; flex-direction: row-reverse; align-items: baseline; gap: 6px; }
.facts dt { color: var(--muted); }
.facts dd { font-size: 22px; font-weight: 600; font-variant-numeric: tabular-nums; }
.facts .warn dd { color: var(--warn); }
.state { display: inline-flex; align-items: center; gap: 6px; white-space: nowrap; font-size: 12.5px; font-weight: 550; border-radius: 20px; padding: 1px 9px 1px 8px; }
.state::before { content: ''; width: 6px; height: 6px; border-radius: 50%; background: currentColor; }
.state.good { color: var(--good); background: var(--good-back); }
.state.warn { color: var(--warn); background: var(--warn-back); }
.state.bad { color: var(--bad); background: var(--bad-back); }
.state.calm { color: var(--muted); background: var(--soft); }
.attention { background: var(--sheet); border: 1px solid var(--line); border-left: 3px solid var(--warn); border-radius: 8px; padding: 12px 16px 4px; }
.attention li { padding: 9px 0; border-top: 1px solid var(--line); }
.attention li:first-child { border-top: 0; }
.attention p { overflow-wrap: anywhere; }

table { border-collapse: collapse; width: 100%; }
.providers { background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; border-collapse: separate; border-spacing: 0; }
th, td { text-align: left; font-weight: 400; padding: 7px 14px; vertical-align: baseline; }
thead th { color: var(--muted); font-size: 12.5px; border-bottom: 1px solid var(--line); white-space: nowrap; }
.providers tbody tr + tr > * { border-top: 1px solid var(--line); }
.providers tbody tr:hover { background: var(--soft); }
.providers tbody th a { font-weight: 550; overflow-wrap: anywhere; margin-right: 4px; }
.num { text-align: right; font-variant-numeric: tabular-nums; }
td time { white-space: nowrap; }

.beside { display: grid; grid-template-columns: 340px minmax(0, 1fr); gap: 14px; }
.above { display: grid; gap: 20px; }
.sheet { background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; }
.sheet .diff { margin: 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr)); gap: 14px; }
.card { background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; }
.card h2 { display: flex; justify-content: space-between; gap: 10px; margin-bottom: 6px; }
.card .why { margin-bottom: 6px; overflow-wrap: anywhere; }
.card dl { display: grid; gap: 1px; }
.card dl div { display: flex; gap: 10px; }
.card dt { color: var(--muted); width: 92px; flex: none; }

.chart { background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; }
.chart figcaption { display: flex; flex-wrap: wrap; gap: 0 14px; align-items: baseline; justify-content: space-between; margin-bottom: 14px; }
.plot { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 4px 10px; }
.plot .y { display: flex; flex-direction: column; justify-content: space-between; text-align: right; margin: -8px 0; color: var(--muted); font-size: 12px; line-height: 16px; font-variant-numeric: tabular-nums; }
.plot .area { position: relative; height: 120px; }
.plot svg { width: 100%; height: 100%; display: block; overflow: visible; }
.plot .hits { position: absolute; inset: 0; overflow: hidden; }
.plot .hits rect { fill: transparent; }
.plot .hits a:hover rect, .plot .hits g:hover rect { fill: var(--link); fill-opacity: .18; }
.plot .hits a { cursor: pointer; }
.plot .x { grid-column: 2; height: 18px; }
.plot .x text { fill: var(--muted); font-size: 12px; font-variant-numeric: tabular-nums; }
.plot path { fill: none; vector-effect: non-scaling-stroke; }
.plot .grid { stroke: var(--line); stroke-width: 1; }
.plot .line { stroke: var(--link); stroke-width: 1.75; stroke-linejoin: round; }
.plot .fill { fill: var(--area); }
.readout { font-size: 12.5px; font-variant-numeric: tabular-nums; min-height: 1.5em; }
.ranges { display: inline-flex; border: 1px solid var(--line); border-radius: 6px; overflow: hidden; font-size: 12.5px; }
.ranges a { padding: 1px 10px; color: var(--muted); }
.ranges a + a { border-left: 1px solid var(--line); }
.ranges a[aria-current] { background: var(--soft); color: var(--ink); font-weight: 550; }
.ranges a:focus-visible { outline-offset: -2px; }
summary { cursor: pointer; border-radius: 4px; min-height: 24px; }
.chart details { margin-top: 6px; color: var(--muted); }
.chart table { width: auto; }
.chart td, .chart th { padding: 2px 14px 2px 0; }

.search { display: flex; gap: 8px; margin: 8px 0 4px; }
.search input[type=search] { flex: 1; min-width: 0; padding: 7px 12px; background: var(--sheet); font-family: var(--mono); font-size: 13px; }
.syntax { display: flex; flex-wrap: wrap; gap: 1px 16px; margin-bottom: 10px; color: var(--muted); font-size: 12px; }
.syntax code { font-size: 12px; color: var(--ink); }
.filter { display: flex; flex-wrap: wrap; gap: 6px 12px; align-items: center; }
.filter input[type=search] { width: 220px; padding: 4px 10px; background: var(--sheet); }
.filter label { display: inline-flex; gap: 6px; align-items: center; color: var(--muted); }
.filter input[type=checkbox] { accent-color: var(--link); margin: 0; }
.found { color: var(--muted); margin-bottom: 6px; }
.note + .empty { margin-top: 10px; }
[aria-busy] .targets { opacity: .6; }
.targets, .feed { background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.targets > li { padding: 0 14px; display: grid; gap: 0 14px; grid-template-columns: 19ch minmax(0, 1fr); }
.targets.dropped > li { grid-template-columns: 19ch minmax(0, 1fr) minmax(0, 1fr); align-items: baseline; padding-block: 5px; }
.targets.dropped .which, .targets.dropped .by { padding: 0; overflow-wrap: anywhere; }
.targets > .head { color: var(--muted); padding-block: 4px; background: var(--soft); }
.targets > .head > * { font-size: 12px; }
.targets > .head:hover { background: var(--soft); }
.which { padding: 6px 0; overflow-wrap: anywhere; }
.cells { display: grid; flex: 1; min-width: 0; gap: 0 12px; font-size: 13px; align-items: baseline; }
.head .cells { padding-left: 17px; font-size: 12px; }
.c1 { grid-template-columns: repeat(1, minmax(0, 1fr)); }
.c2 { grid-template-columns: repeat(2, minmax(0, 1fr)); }
.c3 { grid-template-columns: repeat(3, minmax(0, 1fr)); }
.c4 { grid-template-columns: repeat(4, minmax(0, 1fr)); }
.c5 { grid-template-columns: repeat(5, minmax(0, 1fr)); }
.c6 { grid-template-columns: repeat(6, minmax(0, 1fr)); }
.c7 { grid-template-columns: repeat(7, minmax(0, 1fr)); }
summary .cells .name { display: none; }
.targets.jobs > li, .targets.providers > li { grid-template-columns: minmax(0, 150px) 19ch minmax(0, 1fr); }
.targets .where a, .targets .which a, .diff summary { text-decoration: none; }
.targets summary:focus-visible { outline-offset: -2px; }
.targets .where { padding: 6px 0; overflow-wrap: anywhere; }
.targets > li + li, .feed > li + li { border-top: 1px solid var(--line); }
.targets summary { padding: 6px 0; display: flex; gap: 3px 12px; align-items: baseline; list-style: none; }
.targets summary::-webkit-details-marker { display: none; }
.targets summary::before { content: '▸'; color: var(--muted); width: 10px; font-size: 11px; margin-right: -6px; }
.targets details[open] > summary::before { content: '▾'; }
.targets > li:hover { background: var(--soft); }
.address { font: 13px/1.5 var(--mono); overflow-wrap: anywhere; }
a.address { display: inline-block; padding: 3px 0; }
h1 .address { font-size: 18px; }
.chips { display: flex; flex-wrap: wrap; gap: 2px 12px; min-width: 0; font-size: 13px; }
.chip { overflow-wrap: anywhere; }
.chip .name { color: var(--muted); margin-right: 5px; }
.labels { display: grid; gap: 1px; padding: 2px 0 10px 16px; font: 12.5px/1.55 var(--mono); }
.labels div { display: grid; grid-template-columns: minmax(0, 46ch) 1fr; gap: 0 14px; }
.labels dt { color: var(--muted); overflow-wrap: anywhere; }
.labels dd { overflow-wrap: anywhere; white-space: pre-wrap; min-width: 0; }
.paging { display: flex; flex-wrap: wrap; gap: 6px 16px; align-items: center; justify-content: center; padding: 12px 0; font-variant-numeric: tabular-nums; }
.paging .off { color: var(--muted); }
.paging form { display: inline-flex; gap: 6px; align-items: center; color: var(--muted); }
.paging input { padding: 2px 6px; text-align: right; background: var(--sheet); }
.paging button { padding: 1px 8px; }

.sub { margin: 12px 0 6px; }
.scrolled { overflow-x: auto; padding: 4px 0; margin-top: 8px; }
table.plain th, table.plain td { padding: 4px 14px; white-space: nowrap; }
table.plain tbody th { font-weight: 550; }
table.plain td.long { white-space: normal; overflow-wrap: anywhere; min-width: 16ch; }
.providers thead a { color: inherit; }
.providers thead [aria-sort] a { color: var(--ink); font-weight: 600; }
.providers thead [aria-sort=ascending] a::after { content: ' ↓'; } .providers thead [aria-sort=descending] a::after { content: ' ↑'; }
.providers .group th { background: var(--soft); font-weight: 600; } .providers .group .muted { font-weight: 400; }
.providers tbody + tbody tr:first-child > * { border-top: 1px solid var(--line); }
.steps { background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; margin-top: 8px; }
.steps > li { padding: 6px 14px; } .steps > li + li { border-top: 1px solid var(--line); }
.steps > li:target { box-shadow: inset 3px 0 var(--link); }
.steps .idle .rule code { color: var(--muted); }
.rule { display: flex; flex-wrap: wrap; gap: 2px 12px; align-items: baseline; }
.rule code { min-width: 0; }
.rule .n { color: var(--muted); min-width: 1.6em; text-align: right; font-variant-numeric: tabular-nums; }
.rule .outcome { margin-left: auto; white-space: nowrap; }
.looked { padding-left: calc(1.6em + 12px); font-size: 12.5px; overflow-wrap: anywhere; }
.steps .diff { padding-left: calc(1.6em + 12px); margin: 0; font: 12.5px/1.55 var(--mono); }
.steps .diff > li { padding: 0; border: 0; }
.steps .diff .name { color: var(--muted); }
.twin { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 14px; align-items: start; }
.twin h2 { margin-bottom: 6px; }
.labelsheet .labels { padding: 0 0 8px; } .labelsheet .labels div { grid-template-columns: minmax(0, 5fr) minmax(0, 7fr); }
.labelsheet .labels div:hover { background: var(--soft); }
.identity { display: flex; flex-wrap: wrap; gap: 4px 28px; } .identity dt { color: var(--muted); font-size: 12.5px; } .identity dd { font-weight: 550; overflow-wrap: anywhere; }
.links li { padding: 2px 0; }
.others li { padding: 2px 0 2px 16px; }

.feed > li { padding: 9px 16px; }
.entry { display: flex; flex-wrap: wrap; gap: 0 12px; align-items: baseline; }
.entry h2, .entry h3 { overflow-wrap: anywhere; }
.entry .when { margin-left: auto; color: var(--muted); }
.counts { font-variant-numeric: tabular-nums; font-weight: 550; }
.counts .added { color: var(--good); } .counts .removed { color: var(--bad); } .counts .changed { color: var(--warn); }
.reason { color: var(--warn); }
.diff { margin-top: 4px; }
.diff:empty { display: none; }
.diff > li { padding: 1px 8px; border-left: 2px solid transparent; overflow-wrap: anywhere; }
.diff > .added { border-color: var(--good); } .diff > .removed { border-color: var(--bad); } .diff > .changed { border-color: var(--warn); }
.diff .sign { display: inline-block; width: 1.4em; font: 600 13px var(--mono); }
.diff .added .sign { color: var(--good); } .diff .removed .sign { color: var(--bad); } .diff .changed .sign { color: var(--warn); }
.diff ul { padding-left: 1.5em; font: 12.5px/1.55 var(--mono); }
.diff ul.single { display: inline-block; padding-left: 14px; }
.diff .name { color: var(--muted); }
.diff summary { list-style: none; }
.diff summary::-webkit-details-marker { display: none; }
del { color: var(--bad); background: var(--bad-back); text-decoration: none; border-radius: 3px; padding: 0 3px; }
ins { color: var(--good); background: var(--good-back); text-decoration: none; border-radius: 3px; padding: 0 3px; }
.rest { margin-top: 2px; padding-left: 10px; }

@media (max-width: 860px) { .beside, .twin { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 640px) {
  .top { padding: 6px 14px 0; } .top nav { order: 2; margin-left: -10px; width: 100%; } .top nav a { padding: 7px 10px 8px; }
  .find { flex: 1; margin: 0; } .find input { width: 100%; } .find kbd { display: none; }
  main { padding: 14px 14px 48px; gap: 16px; }
  .wide { display: none; }
  th, td { padding: 7px 8px; }
  .providers thead th:nth-child(5), .providers td:nth-child(5) { display: none; }
  .providers tbody th .muted { display: block; }
  .facts { gap: 4px 20px; } .facts dd { font-size: 18px; }
  .targets > li, .targets.jobs > li, .targets.providers > li, .targets.dropped > li { grid-template-columns: minmax(0, 1fr); }
  .targets > .head { display: none; }
  .targets .which { padding: 4px 0 0; }
  .targets summary .cells { display: flex; flex-wrap: wrap; } .targets summary .cells .name { display: inline; } .cells .none { display: none; }
  .filter, .filter input[type=search] { width: 100%; } .filter label { flex: 1; }
  .rule { display: grid; grid-template-columns: 1.6em minmax(0, 1fr); } .rule .outcome { grid-column: 2; margin-left: 0; }
  footer { padding: 12px 14px 32px; }
  .targets .where a, .diff summary { text-decoration: none; }
.targets summary:focus-visible { outline-offset: -2px; }
.targets .where { padding: 6px 0 0; }
  .diff ul.single { display: block; padding-left: 1.5em; }
  .labels div { grid-template-columns: 1fr; padding-bottom: 3px; }
  .labels dd { padding-left: 10px; }
}
@media (prefers-reduced-motion: no-preference) { .targets { transition: opacity .15s; } }
@media (forced-colors: active) { .state { border: 1px solid; } }
`;
