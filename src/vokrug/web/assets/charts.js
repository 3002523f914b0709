// Plots of reports. What they show stands in a table below: a plot is a picture of it, never the only way to read it.
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

echarts.use([AriaComponent, BarChart, CanvasRenderer, GridComponent, LegendComponent, LineChart, TooltipComponent]);

const language = document.documentElement.lang;
const COLOURS = { light: ["#1d57d8", "#c2570c", "#14743a"], dark: ["#7ea2ff", "#ffb37a", "#6fd39b"] };

for (const box of document.querySelectorAll("[data-plot]")) {
  const plot = JSON.parse(document.getElementById(box.dataset.plot).textContent);
  const chart = echarts.init(box);
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  const said = (value) => (value == null ? "" : `${number.format(value)}${plot.unit ? ` ${plot.unit}` : ""}`);

  const draw = () => {
    const isDark = document.documentElement.dataset.bsTheme === "dark";
    const ink = isDark ? "#c9d1dc" : "#4a5361";
    const line = isDark ? "#3a4049" : "#e3e6eb";
    const isWide = plot.kind === "shelf";
    const names = { type: "category", data: plot.x, axisLabel: { color: ink, hideOverlap: true, width: isWide ? 190 : undefined, overflow: "truncate" }, axisLine: { lineStyle: { color: line } }, inverse: isWide };
    const values = { type: "value", axisLabel: { color: ink, formatter: (value) => number.format(value) }, splitLine: { lineStyle: { color: line } } };
    chart.setOption({
      color: COLOURS[isDark ? "dark" : "light"],
      animation: false,
      aria: { enabled: true },
      // Drawn, not written as HTML: the page's policy allows no style inside elements.
      tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: said },
      legend: plot.series.length > 1 ? { textStyle: { color: ink }, top: 0 } : undefined,
      grid: { left: 8, right: 16, top: plot.series.length > 1 ? 36 : 12, bottom: 4, containLabel: true },
      xAxis: isWide ? values : names,
      yAxis: isWide ? names : values,
      series: plot.series.map((one) => ({ name: one.name, data: one.data, type: plot.kind === "line" ? "line" : "bar", showSymbol: false, barMaxWidth: 28, lineStyle: { width: 2 } })),
    });
  };
  draw();
  addEventListener("resize", () => chart.resize());
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
  box.dataset.drawn = "yes";
}
