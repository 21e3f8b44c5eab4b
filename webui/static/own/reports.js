// Charts of the reports page; the same figures stand in tables and in Excel.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const colours = ["#2f7fd1", "#f0b4a5"];
  const look = getComputedStyle(document.documentElement);
  const words = { axisLabel: { color: look.getPropertyValue("--faint") } };
  const lines = { splitLine: { lineStyle: { color: look.getPropertyValue("--line") } } };
  const charts = [...document.querySelectorAll(".chart")].map((box) => {
    const { names, series } = JSON.parse(box.dataset.chart);
    const chart = echarts.init(box);
    chart.setOption({
      color: colours,
      animation: false,
      grid: { left: 44, right: 12, top: 12, bottom: 28 },
      tooltip: { trigger: "axis", renderMode: "richText" },
      xAxis: { type: "category", data: names, ...words },
      yAxis: { type: "value", minInterval: 1, ...words, ...lines },
      series: series.map(({ name, values }) => ({ name, type: "bar", stack: "calls", data: values, barMaxWidth: 34 })),
    });
    return chart;
  });
  window.addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
});
