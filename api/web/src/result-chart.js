// A bar chart of a result: the first column that is no number against the first that is.
import { BarChart } from "echarts/charts";
import { AriaComponent, GridComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

echarts.use([AriaComponent, BarChart, GridComponent, SVGRenderer, TooltipComponent]);

const NUMBER = /#(?:integer|int|long|decimal|double|float|nonNegativeInteger)$/;

/** Choose what to draw: the names of the columns, or nothing where there is no number. */
function chosen(yasr) {
  const rows = yasr.results?.getBindings() ?? [];
  const names = yasr.results?.getVariables() ?? [];
  const isNumber = (name) => rows.some((row) => row[name]) && rows.every((row) => !row[name] || NUMBER.test(row[name].datatype ?? ""));
  const value = names.find(isNumber);
  const label = names.find((name) => !isNumber(name));
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
    const element = document.createElement("div");
    element.className = "result-chart";
    this.yasr.resultsEl.append(element);
    const numbers = rows.map((row) => Number(row[value]?.value ?? 0));
    const names = rows.map((row) => short(row[label]?.value ?? ""));
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    this.chart = echarts.init(element, dark ? "dark" : null, { renderer: "svg", height: 60 + 26 * rows.length });
    this.chart.setOption({
      aria: { enabled: true },
      animation: false,
      backgroundColor: "transparent",
      tooltip: {},
      grid: { containLabel: true, left: 8, right: 40, top: 8, bottom: 8 },
      xAxis: { type: "value" },
      yAxis: { type: "category", inverse: true, data: names, axisLabel: { width: 260, overflow: "truncate" } },
      series: [{ type: "bar", name: value, data: numbers, label: { show: true, position: "right" } }],
    });
    if (left > 0) {
      const note = document.createElement("p");
      note.textContent = Chart.words.more;
      element.after(note);
    }
  }

  destroy() {
    this.chart?.dispose();
  }
}

function short(text) {
  return /^https?:/.test(text) ? text.replace(/^.*[/#]/, "") : text;
}
