// The pictures: what the page's data say, drawn as SVG. The page has the same as a table.
import * as Plot from "@observablehq/plot";

// Okabe and Ito's colours, which readers tell apart whatever colours they see.
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999"];
const ROW = 24;

const figure = document.getElementById("picture");
const data = JSON.parse(figure.dataset.drawing);
const dark = matchMedia("(prefers-color-scheme: dark)");
const narrow = matchMedia("(max-width: 40rem)");

/** Room for the names on the left, and names cut to it. */
const room = () => (narrow.matches ? 130 : 270);
const cut = (name, times = 1) => {
  const most = times * (narrow.matches ? 9 : 18);
  const wide = /[\u2e80-\uffef]/.test(name) ? 1 : 1.9;
  return name.length > most * wide ? `${name.slice(0, most * wide - 1)}…` : name;
};

const DRAWN = {
  sectors: heat,
  technologies: heat,

  owners() {
    const cells = data.cells.map(([task, body, basis, words]) => ({ task, body, basis: data.bases[basis], words }));
    return {
      width: Math.max(figure.clientWidth, 980),
      height: 200 + 40 * data.rows.length,
      marginTop: 150,
      marginRight: 130,
      x: { axis: null, domain: [0, data.columns.length] },
      y: { domain: data.rows.keys(), tickFormat: (row) => cut(data.rows[row]), label: null },
      color: { legend: true, domain: data.bases, range: COLOURS },
      marks: [
        Plot.barX(cells, {
          ...{ x1: "task", x2: ({ task }) => task + 1, y: "body", fill: "basis", inset: 0.5, insetTop: 6, insetBottom: 6 },
          title: ({ task, body, basis, words }) => `${data.columns[task]}\n${data.rows[body]}\n${basis}\n${words}`,
          tip: true,
        }),
        Plot.ruleX(data.plans, { x: "1", strokeOpacity: 0.35 }),
        Plot.text(data.plans, { x: ({ 1: start }) => start + 0.6, text: "0", frameAnchor: "top", rotate: -50, dy: -8, textAnchor: "start" }),
      ],
    };
  },

  periods() {
    const bars = data.bars.map(([first, last], row) => ({ row, first, last, own: data.own[row] }));
    return {
      height: 70 + 30 * bars.length,
      marginRight: 60,
      x: { tickFormat: "d", label: null, grid: true },
      y: { domain: data.rows.keys(), tickFormat: (row) => cut(data.rows[row]), label: null },
      marks: [
        Plot.barX(bars, {
          ...{ x1: "first", x2: "last", y: "row", fill: ({ own }) => COLOURS[own ? 0 : 1], insetTop: 4, insetBottom: 4 },
          title: ({ row, first, last }) => `${data.rows[row]}\n${first}–${last - 1}`,
          tip: true,
        }),
        Plot.text(bars, { x: "last", y: "row", text: ({ first, last }) => `${first}–${last - 1}`, dx: 6, textAnchor: "start" }),
      ],
    };
  },

  deadlines() {
    const dots = data.dots.map(([row, date, basis, number, words]) => ({ row, day: new Date(date), date, basis: data.bases[basis], number, words }));
    const last = Math.max(...dots.map(({ day }) => day.getUTCFullYear()));
    // The text gives a task no first day: the axis holds the three years of the plans, and only last days are drawn.
    const years = [last - 2, last - 1, last];
    const side = ({ row, basis }) => {
      const there = dots.filter((dot) => dot.row === row).map((dot) => dot.basis);
      return (there.indexOf(basis) - (there.length - 1) / 2) * 26;
    };
    return {
      height: 80 + 26 * (dots.length + 2 * data.rows.length),
      marginRight: 90,
      x: { type: "utc", domain: [Date.UTC(last - 2, 0), Date.UTC(last + 1, 0)], label: null, ticks: years.map((year) => Date.UTC(year, 6)), tickFormat: "%Y", tickSize: 0 },
      y: { type: "band", domain: data.rows.keys(), tickFormat: (row) => cut(data.rows[row]), label: null },
      r: { type: "identity" },
      color: { legend: true, domain: data.bases, range: COLOURS },
      marks: [
        Plot.ruleX([...years, last + 1].map((year) => Date.UTC(year, 0)), { strokeOpacity: 0.2 }),
        ...dots.flatMap((dot) => [
          Plot.dot([dot], {
            ...{ x: "day", y: "row", fill: "basis", r: 2 + Math.sqrt(dot.number), dy: side(dot) },
            title: ({ row, date, basis, words }) => `${data.rows[row]}\n${date}\n${basis}\n${words}`,
            tip: true,
          }),
          Plot.text([dot], { x: "day", y: "row", text: "words", dx: 16, dy: side(dot), textAnchor: "start" }),
        ]),
      ],
    };
  },

  references() {
    const angle = (node) => (2 * Math.PI * node) / data.nodes.length - Math.PI / 2;
    const place = (node) => ({ x: Math.cos(angle(node)), y: -Math.sin(angle(node)) });
    const links = data.links
      .filter(([source, target]) => source !== target)
      .map(([source, target, type, number]) => ({ source, target, type: data.types[type], number }));
    const nodes = data.nodes.map((name, node) => ({ name, ...place(node) }));
    return {
      ...{ width: Math.min(figure.clientWidth, 760), height: Math.min(figure.clientWidth, 620), margin: narrow.matches ? 60 : 90 },
      ...{ x: { axis: null, domain: [-1.25, 1.25] }, y: { axis: null, domain: [-1.1, 1.1] } },
      color: { legend: true, domain: data.types, range: COLOURS },
      marks: [
        Plot.arrow(links, {
          ...{ x1: ({ source }) => place(source).x, y1: ({ source }) => place(source).y },
          ...{ x2: ({ target }) => place(target).x, y2: ({ target }) => place(target).y },
          ...{ stroke: "type", strokeWidth: ({ number }) => 1 + number, strokeOpacity: 0.75, bend: true, inset: 12, headLength: 6 },
          title: ({ source, target, type, number }) => `${data.nodes[source]} → ${data.nodes[target]}\n${type}: ${number}`,
          tip: true,
        }),
        Plot.dot(nodes, { x: "x", y: "y", r: 6, fill: "currentColor" }),
        Plot.text(nodes, { x: ({ x }) => 1.22 * x, y: ({ y }) => 1.1 * y, text: "name", fontSize: 13, lineWidth: 9 }),
      ],
    };
  },

  targets() {
    const rows = data.rows.map((name, row) => `${cut(name)}${data.units[row] ? ` (${data.units[row]})` : ""}`);
    const points = data.bars.flatMap((bar, row) =>
      bar.flatMap((value, kind) => (value === null ? [] : [{ row, value, kind: data.names[kind], from: kind === 1 ? (bar[0] ?? 1) : 1 }])),
    );
    return {
      ...{ height: 90 + ROW * rows.length, marginRight: 70, marginLeft: room() + 30 },
      x: { type: "log", label: null, grid: true, tickFormat: (value) => (/^10*$/.test(value) ? value.toLocaleString() : "") },
      y: { domain: rows.keys(), tickFormat: (row) => rows[row], label: null },
      color: { legend: true, domain: data.names, range: COLOURS },
      symbol: { domain: data.names, range: ["triangle", "square", "circle"] },
      marks: [
        Plot.ruleY(points, { x1: "from", x2: "value", y: "row", stroke: "kind", strokeWidth: 2.5 }),
        Plot.dot(points, {
          ...{ x: "value", y: "row", fill: "kind", symbol: "kind", r: 5 },
          title: ({ row, value, kind }) => `${data.rows[row]}\n${kind.replace("…", value.toLocaleString())}\n${data.quotes[row]}`,
          tip: true,
        }),
        Plot.text(points, { x: "value", y: "row", text: ({ value }) => value.toLocaleString(), dx: 9, textAnchor: "start" }),
      ],
    };
  },

  tree() {
    const paths = [];
    const walk = (branch, above) => {
      const path = [...above, cut(branch.name, 2).replaceAll("/", "／")];
      if (branch.children) branch.children.forEach((child) => walk(child, path));
      else paths.push(path.join("/"));
    };
    walk(data.root, []);
    return {
      ...{ width: Math.max(figure.clientWidth, 1060), height: 80 + 30 * data.leaves, marginTop: 25, marginBottom: 25, marginLeft: 340, marginRight: 470, axis: null },
      marks: [Plot.tree(paths, { textStroke: dark.matches ? "#15181b" : "#fcfbf8", treeSort: null, fontSize: 12, fill: COLOURS[0], dx: 6 })],
    };
  },
};

/** How often each plan names each thing. */
function heat() {
  const most = Math.max(...data.cells.map(([, , number]) => number));
  const range = dark.matches ? ["#1d3a47", "#7cc3de"] : ["#d3e6ee", "#0b5a78"];
  const ink = (number) => (Math.sqrt(number / most) > 0.6 !== dark.matches ? "#fff" : "#111");
  return {
    ...{ width: Math.max(560, Math.min(figure.clientWidth, 900)), height: 130 + ROW * data.rows.length, marginTop: 120, marginRight: 110 },
    x: { axis: "top", domain: data.columns, label: null, tickRotate: -45, tickSize: 0 },
    y: { domain: data.rows.keys(), tickFormat: (row) => cut(data.rows[row]), label: null, tickSize: 0 },
    color: { type: "sqrt", domain: [1, most], range },
    marks: [
      Plot.cell(data.cells, {
        ...{ x: ([column]) => data.columns[column], y: "1", fill: "2", inset: 0.75 },
        title: ([column, row, number]) => `${data.rows[row]}\n${data.columns[column]}: ${number}`,
        tip: true,
      }),
      Plot.text(data.cells, { x: ([column]) => data.columns[column], y: "1", text: "2", fill: ([, , number]) => ink(number), fontSize: 12 }),
    ],
  };
}

function draw() {
  figure.replaceChildren(
    Plot.plot({
      width: Math.max(figure.clientWidth, 320),
      marginLeft: room(),
      className: "plot",
      style: { fontSize: "12px", background: "transparent", maxWidth: "none" },
      ariaLabel: data.label,
      ariaDescription: data.words,
      ...DRAWN[data.kind](),
    }),
  );
  // The picture has one name; its parts are no things of their own to a screen reader.
  for (const part of figure.querySelectorAll("g[aria-label]")) part.removeAttribute("aria-label");
  for (const drawing of figure.querySelectorAll("svg[aria-label]")) drawing.setAttribute("role", "img");
}

draw();
dark.addEventListener("change", draw);
addEventListener("resize", draw);
