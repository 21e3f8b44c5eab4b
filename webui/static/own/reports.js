// Charts of the reports pages; the same figures stand in tables and in Excel.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const colours = ["#2f7fd1", "#f0b4a5", "#1f9d55", "#8a63d2"];
  const look = getComputedStyle(document.documentElement);
  const words = { axisLabel: { color: look.getPropertyValue("--faint") } };
  const lines = { splitLine: { lineStyle: { color: look.getPropertyValue("--line") } } };

  function shown({ names, series, kind }) {
    return {
      color: colours,
      animation: false,
      grid: { left: 44, right: 12, top: 12, bottom: 28 },
      tooltip: { trigger: "axis", renderMode: "richText" },
      xAxis: { type: "category", data: names, ...words },
      yAxis: { type: "value", minInterval: 1, ...words, ...lines },
      series: series.map(({ name, values }) => kind === "line"
        ? { name, type: "line", data: values, showSymbol: false }
        : { name, type: "bar", stack: "calls", data: values, barMaxWidth: 34 }),
    };
  }

  const charts = [...document.querySelectorAll(".chart")].map((box) => {
    const chart = echarts.init(box);
    chart.setOption(shown(JSON.parse(box.dataset.chart)));
    return chart;
  });
  window.addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
  window.addEventListener("beforeprint", () => charts.forEach((chart) => chart.resize()));
});
