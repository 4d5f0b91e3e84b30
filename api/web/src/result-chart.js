// A bar chart of a result: the first column that is no number against the first that is.
import * as Plot from "@observablehq/plot";

const NUMBER = /#(?:integer|int|long|decimal|double|float|nonNegativeInteger)$/;

/** Choose what to draw: the names of the columns, or nothing where there is no number. */
function chosen(yasr) {
  const rows = yasr.results?.getBindings() ?? [];
  const names = yasr.results?.getVariables() ?? [];
  const isNumber = (name) => rows.some((row) => row[name]) && rows.every((row) => !row[name] || NUMBER.test(row[name].datatype ?? ""));
  const value = names.find(isNumber);
  const label = names.findLast((name) => !isNumber(name));
  return value && label ? { label, value, rows: rows.slice(0, Chart.words.bars), left: rows.length - Chart.words.bars } : null;
}

/** A plugin of Yasr. */
export class Chart {
  static words = {};
  priority = 2;

  constructor(yasr) {
    this.yasr = yasr;
    this.label = Chart.words.chart;
  }

  canHandleResults() {
    return chosen(this.yasr) !== null;
  }

  getIcon() {
    const icon = document.createElement("span");
    icon.textContent = "▥";
    icon.setAttribute("aria-hidden", "true");
    return icon;
  }

  draw() {
    const { label, value, rows, left } = chosen(this.yasr);
    const bars = rows.map((row, number) => ({ number, size: Number(row[value]?.value ?? 0), name: short(row[label]?.value ?? "") }));
    const element = document.createElement("div");
    element.append(
      Plot.plot({
        width: Math.max(320, this.yasr.resultsEl.clientWidth - 20),
        ...{ height: 60 + 24 * bars.length, marginLeft: 260, marginRight: 60, className: "plot", figure: false },
        style: { fontSize: "12px", background: "transparent" },
        x: { label: value, grid: true },
        y: { domain: bars.keys(), tickFormat: (number) => cut(bars[number].name), label: null },
        ariaLabel: `${label}, ${value}`,
        marks: [
          Plot.barX(bars, { x: "size", y: "number", fill: "#0072b2", insetTop: 2, insetBottom: 2 }),
          Plot.text(bars, { x: "size", y: "number", text: "size", dx: 5, textAnchor: "start" }),
        ],
      }),
    );
    if (left > 0) {
      const note = document.createElement("p");
      note.textContent = Chart.words.more;
      element.append(note);
    }
    this.yasr.resultsEl.append(element);
  }
}

function short(text) {
  return /^https?:/.test(text) ? text.replace(/^.*[/#]/, "") : text;
}

function cut(text) {
  const most = /[\u2e80-\uffef]/.test(text) ? 20 : 38;
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
