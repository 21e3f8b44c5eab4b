// The editor of voice menus. The document (docs/flows.md) is the truth; the picture is drawn from it.
"use strict";

(() => {
  const WIDTH = 190;
  const HEIGHT = 62;
  const NOWHERE = "none";
  const COLOURS = {
    play: "#2f7fd1", menu: "#8a63d2", dial: "#8a63d2", collect: "#8a63d2", hours: "#b57700", area: "#b57700",
    percentage: "#b57700", branch: "#b57700", set: "#64748b", request: "#64748b", go: "#1a7f47",
    "hang-up": "#a61b1b",
  };
  const FRESH = {
    play: { prompts: ["welcome"], next: NOWHERE },
    menu: { prompts: ["welcome"], keys: {} },
    dial: { prompts: ["enter-extension"] },
    collect: { prompts: ["welcome"], variable: "digits", next: NOWHERE },
    hours: { schedule: ["workdays 09:00-18:00"], open: NOWHERE, closed: NOWHERE },
    area: { cases: [{ provinces: [], next: NOWHERE }], default: NOWHERE },
    percentage: { shares: [{ percent: 50, next: NOWHERE }, { percent: 50, next: NOWHERE }] },
    set: { variable: "name", value: "", next: NOWHERE },
    branch: { variable: "caller", cases: {}, default: NOWHERE },
    request: { url: "https://", default: NOWHERE },
    go: { to: "bound" },
    "hang-up": {},
  };

  function make(tag, attributes = {}, ...inside) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "on") for (const [event, work] of Object.entries(value)) made.addEventListener(event, work);
      else if (value === true) made.setAttribute(name, "");
      else if (value !== false && value !== undefined) made.setAttribute(name, value);
    }
    made.append(...inside);
    return made;
  }

  // -- what the document says ------------------------------------------------------------------------

  function ways(node, said) {
    const table = (field) => Object.entries(node[field] || {}).map(([key, to]) => [`${field}.${key}`, key, to]);
    const one = (field) => (node[field] ? [[field, said[field], node[field]]] : []);
    switch (node.kind) {
      case "play": case "set": return one("next");
      case "menu": case "dial": return [...table("keys"), ...one("default")];
      case "collect": return [...one("next"), ...one("default")];
      case "hours": return [...one("open"), ...one("closed")];
      case "area":
        return [...node.cases.map((each, n) => [`cases.${n}`, placesOf(each).join(" ") || String(n + 1), each.next]),
          ...one("default")];
      case "percentage": return node.shares.map((each, n) => [`shares.${n}`, `${each.percent}%`, each.next]);
      case "branch": return [...table("cases"), ...one("default")];
      case "request": return [...table("cases"), ...table("statuses"), ...one("next"), ...one("default")];
      default: return [];
    }
  }

  function lead(node, way, to) {
    const [field, key] = way.includes(".") ? [way.slice(0, way.indexOf(".")), way.slice(way.indexOf(".") + 1)] : [way];
    if (key === undefined) {
      if (to) node[field] = to;
      else if (["menu", "dial", "collect"].includes(node.kind) && field === "default") delete node.default;
      else if (node.kind === "request" && field === "next") delete node.next;
      else node[field] = NOWHERE;
    } else if (Array.isArray(node[field])) node[field][Number(key)].next = to || NOWHERE;
    else if (to) node[field] = { ...node[field], [key]: to };
    else delete node[field][key];
  }

  function freeWay(node, nodes) {
    const unset = (field) => !node[field] || !(node[field] in nodes);
    switch (node.kind) {
      case "menu": {
        const key = [..."1234567890*#"].find((each) => !(each in (node.keys || {})));
        return key === undefined ? "default" : `keys.${key}`;
      }
      case "hours": return unset("open") ? "open" : "closed";
      case "collect": return unset("next") ? "next" : "default";
      case "area": {
        const n = node.cases.findIndex((each) => !(each.next in nodes));
        return n < 0 ? "default" : `cases.${n}`;
      }
      case "percentage": return `shares.${Math.max(0, node.shares.findIndex((each) => !(each.next in nodes)))}`;
      case "play": case "set": return "next";
      case "dial": case "branch": case "request": return "default";
      default: return null;
    }
  }

  function placesOf(each) {
    return [...(each.area_codes || []), ...(each.provinces || []), ...(each.regions || []), ...(each.prefixes || [])];
  }

  function placed(words, old) {
    const found = { area_codes: [], provinces: [], regions: [], prefixes: [], next: old.next };
    for (const word of words) {
      if (/^0[0-9]{2,3}$/.test(word)) found.area_codes.push(word);
      else if (/^[0-9]+$/.test(word)) found.prefixes.push(word);
      else if (/^(东北|华北|华东|华中|华南|西南|西北|港澳台)$/.test(word)) found.regions.push(word);
      else found.provinces.push(word);
    }
    for (const name of ["area_codes", "provinces", "regions", "prefixes"]) if (!found[name].length) delete found[name];
    return found;
  }

  function laidOut(flow, said) {
    const depth = new Map([[flow.start, 0]]);
    const waiting = [flow.start];
    while (waiting.length) {
      const name = waiting.shift();
      for (const [, , to] of flow.nodes[name] ? ways(flow.nodes[name], said) : []) {
        if (flow.nodes[to] && !depth.has(to)) { depth.set(to, depth.get(name) + 1); waiting.push(to); }
      }
    }
    const rows = {};
    for (const [name, node] of Object.entries(flow.nodes)) {
      const column = depth.get(name) ?? 0;
      rows[column] = (rows[column] || 0) + 1;
      node.position = node.position || [130 + column * 270, 10 + rows[column] * 110];
    }
  }

  // -- the picture -----------------------------------------------------------------------------------

  class BoxModel extends Core.RectNodeModel {
    setAttributes() { this.width = WIDTH; this.height = HEIGHT; this.radius = 8; this.text.value = ""; this.text.editable = false; }
  }

  class BoxView extends Core.RectNode {
    getShape() {
      const { x, y, width, height, properties: is, isSelected } = this.props.model;
      const left = x - width / 2;
      const top = y - height / 2;
      const edge = is.wrong ? "#d64545" : is.passed ? "#0b5cab" : isSelected ? "#0b5cab" : "#cbd5e1";
      const text = (across, down, what, size, fill, weight) =>
        Core.h("text", { x: left + across, y: top + down, fill, "font-size": size, "font-weight": weight }, what);
      return Core.h("g", { class: "flow-box" }, [
        Core.h("rect", { x: left, y: top, width, height, rx: 8, fill: is.passed ? "#e6f0fa" : "#fff", stroke: edge,
          "stroke-width": is.wrong || is.passed || isSelected ? 2.5 : 1.2 }),
        Core.h("rect", { x: left, y: top + 6, width: 5, height: height - 12, rx: 2, fill: is.colour }),
        text(14, 19, is.kind, 11, "#64748b", 400),
        text(14, 37, is.name, 14, "#1f2937", 600),
        text(14, 53, is.more, 11, "#64748b", 400),
        ...(is.first ? [text(width - 20, 20, "▶", 13, "#1a7f47", 700)] : []),
        ...(is.passed ? [text(width - 30, 54, is.passed, 11, "#0b5cab", 700)] : []),
        ...(is.wrong ? [Core.h("circle", { cx: left + width, cy: top, r: 9, fill: "#d64545" }),
          Core.h("text", { x: left + width - 3, y: top + 5, fill: "#fff", "font-size": 13, "font-weight": 700 }, "!"),
          Core.h("title", {}, is.wrong)] : []),
      ]);
    }
  }

  class Editor {
    constructor(root) {
      const given = JSON.parse(root.dataset.flow);
      this.root = root;
      this.flow = given.document;
      this.seen = given.seen;
      this.problems = given.problems;
      this.way = given.way;
      this.prompts = given.prompts;
      this.choices = given.choices;
      this.kinds = given.words.kinds;
      this.said = given.words.said;
      this.chosen = "";
      this.stored = JSON.stringify(this.flow);
      laidOut(this.flow, this.said);
      this.lf = new Core.LogicFlow({
        container: root.querySelector(".flow-canvas"), grid: { size: 10, visible: true }, stopScrollGraph: true,
        adjustEdge: false, textEdit: false, nodeTextEdit: false, edgeTextEdit: false, edgeType: "bezier",
        keyboard: { enabled: false }, edgeSelectedOutline: true,
      });
      this.lf.register({ type: "box", model: BoxModel, view: BoxView });
      this.lf.setTheme({ bezier: { stroke: "#8aa0ba", strokeWidth: 1.6 }, edgeText: { fontSize: 12, color: "#334155", background: { fill: "#fff" } } });
      this.lf.on("node:click", ({ data }) => this.choose(data.id));
      this.lf.on("blank:click", () => this.choose(""));
      this.lf.on("node:drop", ({ data }) => { this.flow.nodes[data.id].position = [Math.round(data.x), Math.round(data.y)]; });
      this.lf.on("edge:add", ({ data }) => this.connect(data.sourceNodeId, data.targetNodeId));
      this.tools();
      this.lf.render({ nodes: [], edges: [] });
      this.draw();
      this.lf.fitView(40, 40);
      this.listen();
      this.choose("");
      if (this.problems.length && !this.way.length) this.tell(this.problems);
    }

    draw() {
      const { nodes } = this.flow;
      const wrong = {};
      for (const each of this.problems) if (each.node) wrong[each.node] = [wrong[each.node], each.text].filter(Boolean).join("\n");
      const boxes = Object.entries(nodes).map(([id, node]) => ({
        id, type: "box", x: node.position[0], y: node.position[1],
        properties: {
          kind: this.kinds[node.kind], name: short(node.title || id, 22), more: short(this.more(node), 30),
          colour: COLOURS[node.kind], first: id === this.flow.start, wrong: wrong[id] || "",
          passed: this.way.includes(id) ? String(this.way.indexOf(id) + 1) : "",
        },
      }));
      const lines = [];
      for (const [id, node] of Object.entries(nodes)) {
        const labels = new Map();  // several ways to one node are one line, or their labels would hide each other
        for (const [, label, to] of ways(node, this.said)) if (to in nodes) labels.set(to, [...(labels.get(to) || []), label]);
        for (const [to, held] of labels) {
          const passed = this.way.some((each, n) => each === id && this.way[n + 1] === to);
          lines.push({ id: `${id}|${to}`, type: "bezier", sourceNodeId: id, targetNodeId: to, text: held.join(" / "),
            properties: passed ? { style: { stroke: "#0b5cab", strokeWidth: 3 } } : {} });
        }
      }
      this.lf.graphModel.graphDataToModel({ nodes: boxes, edges: lines });
      if (this.chosen in nodes) this.lf.selectElementById(this.chosen);
      const select = this.root.querySelector(".flow-choose");
      select.replaceChildren(make("option", { value: "" }, "—"), ...Object.entries(nodes).map(([id, node]) =>
        make("option", { value: id, selected: id === this.chosen }, node.title || id)));
    }

    more(node) {
      if (node.kind === "go") return (this.choices.find(([value]) => value === node.to) || ["", node.to])[1];
      if (node.kind === "hours") return [].concat(node.schedule).join("; ");
      return (node.prompts || []).map((each) => (/^[0-9a-f]{64}$/.test(each) ? "♪" : each.replace("prompt:", ""))).join(", ");
    }

    tools() {
      const bar = this.root.querySelector(".flow-tools");
      for (const [kind, text] of Object.entries(this.kinds)) {
        bar.append(make("button", { type: "button", class: `flow-tool flow-${kind}`, "data-kind": kind, on: { click: () => this.add(kind) } }, `+ ${text}`));
      }
    }

    add(kind) {
      let n = 1;
      while (`${kind}-${n}` in this.flow.nodes) n += 1;
      const name = `${kind}-${n}`;
      const from = this.flow.nodes[this.chosen];
      const at = from ? [from.position[0] + 260, from.position[1] + 40] : [160, 90 + Object.keys(this.flow.nodes).length * 20];
      this.flow.nodes[name] = { kind, ...structuredClone(FRESH[kind]), position: at };
      if (from) { const way = freeWay(from, this.flow.nodes); if (way && way !== "default") lead(from, way, name); }
      this.chosen = name;
      this.changed();
      this.choose(name);
    }

    connect(from, to) {
      const node = this.flow.nodes[from];
      const way = node && from !== to ? freeWay(node, this.flow.nodes) : null;
      if (way) lead(node, way, to);
      this.chosen = from;
      this.changed();
      this.choose(from);
    }

    drop(name) {
      delete this.flow.nodes[name];
      for (const node of Object.values(this.flow.nodes)) {
        for (const [way, , to] of ways(node, this.said)) if (to === name) lead(node, way, "");
      }
      this.chosen = "";
      this.changed();
      this.choose("");
    }

    changed() {
      this.way = [];
      this.draw();
    }

    // -- the form of one node --------------------------------------------------------------------------

    choose(name) {
      this.chosen = name;
      const box = this.root.querySelector(".flow-node");
      const node = this.flow.nodes[name];
      this.root.querySelector(".flow-choose").value = name;
      if (!node) { box.replaceChildren(make("p", { class: "text-secondary mb-0" }, this.said.choose)); return; }
      const wrong = this.problems.filter((each) => each.node === name).map((each) => make("div", { class: "text-danger small mb-2", role: "alert" }, each.text));
      box.replaceChildren(...wrong, make("div", { class: "text-secondary small mb-2" }, `${this.kinds[node.kind]} · ${name}`),
        this.line("title", node.title || "", (value) => { if (value) node.title = value; else delete node.title; }),
        ...this.fields(node), this.raw(name), make("div", { class: "buttons mt-3" },
          make("button", { type: "button", class: "btn btn-sm", on: { click: () => { this.flow.start = name; this.changed(); } } }, this.said.first),
          make("button", { type: "button", class: "btn btn-sm btn-outline-danger", "data-drop": true, on: { click: () => this.drop(name) } }, this.said.remove)));
    }

    fields(node) {
      const found = [];
      if ("prompts" in node || ["play", "menu", "dial", "collect", "hang-up", "request"].includes(node.kind)) {
        found.push(this.area("prompts", (node.prompts || []).join("\n"), (value) => { node.prompts = words(value); }, this.prompts));
      }
      if (node.kind === "hours") found.push(this.area("schedule", [].concat(node.schedule).join("\n"), (value) => { node.schedule = value.split("\n").map((each) => each.trim()).filter(Boolean); }));
      if (node.kind === "go") found.push(this.select("to", node.to, this.choices, (value) => { node.to = value; }));
      if (node.kind === "menu") {
        found.push(this.line("retries", node.retries ?? 3, (value) => { node.retries = Number(value); }, "number"));
        found.push(this.line("first_key_seconds", node.first_key_seconds ?? 5, (value) => { node.first_key_seconds = Number(value); }, "number"));
        found.push(make("label", { class: "form-check" }, make("input", { type: "checkbox", class: "form-check-input", checked: Boolean(node.extensions), on: { change: (event) => { node.extensions = event.target.checked; } } }), make("span", { class: "form-check-label" }, this.said.extensions)));
      }
      if (node.kind === "area") node.cases.forEach((each, n) => found.push(this.line("places", placesOf(each).join(" "), (value) => { node.cases[n] = placed(words(value), each); })));
      if (node.kind === "percentage") node.shares.forEach((each) => found.push(this.line("percent", each.percent, (value) => { each.percent = Number(value); }, "number")));
      const nodes = [["", this.said.none], ...Object.entries(this.flow.nodes).map(([id, each]) => [id, each.title || id])];
      const wanted = ways(node, this.said);
      if (["menu", "dial", "collect"].includes(node.kind) && !node.default) wanted.push(["default", this.said.default, ""]);
      for (const [way, label, to] of wanted) {
        found.push(this.select(way, to in this.flow.nodes ? to : "", nodes, (value) => { lead(node, way, value); this.choose(this.chosen); }, label));
      }
      if (node.kind === "menu" || node.kind === "dial") {
        const free = [..."1234567890*#"].filter((each) => !(each in (node.keys || {})));
        found.push(this.select("keys", "", [["", `+ ${this.said.add}`], ...free.map((each) => [each, each])], (value) => {
          node.keys = { ...node.keys, [value]: Object.keys(this.flow.nodes).find((each) => each !== this.chosen) || this.chosen };
          this.choose(this.chosen);
        }));
      }
      return found;
    }

    wrapped(name, field, label) {
      field.id = `node-${name.replace(/[^a-z0-9]/gi, "-")}-${Math.random().toString(36).slice(2, 7)}`;
      return make("div", { class: "mb-2" }, make("label", { class: "form-label", for: field.id }, label || this.said[name] || name), field);
    }

    line(name, value, set, type = "text") {
      return this.wrapped(name, make("input", { class: "form-control", type, value, "data-field": name, maxlength: 80, on: { change: (event) => { set(event.target.value); this.changed(); } } }));
    }

    area(name, value, set, offered) {
      const field = make("textarea", { class: "form-control", rows: 2, spellcheck: "false", "data-field": name, on: { change: (event) => { set(event.target.value); this.changed(); } } }, value);
      const held = this.wrapped(name, field);
      if (offered) held.append(make("select", { class: "form-select form-select-sm mt-1", "aria-label": this.said.add, on: { change: (event) => { field.value = [field.value.trim(), event.target.value].filter(Boolean).join("\n"); event.target.value = ""; field.dispatchEvent(new Event("change")); } } }, make("option", { value: "" }, `+ ${this.said.add}`), ...offered.map(([each, text]) => make("option", { value: each }, text))));
      return held;
    }

    select(name, value, offered, set, label) {
      const there = offered.some(([each]) => each === value) ? offered : [[value, value], ...offered];
      return this.wrapped(name, make("select", { class: "form-select", "data-field": name, on: { change: (event) => { set(event.target.value); this.changed(); } } }, ...there.map(([each, text]) => make("option", { value: each, selected: each === value }, text))), label);
    }

    raw(name) {
      const field = make("textarea", { class: "form-control flow-raw", rows: 8, spellcheck: "false" }, JSON.stringify({ ...this.flow.nodes[name], position: undefined }, null, 1));
      const wrong = make("div", { class: "text-danger small" });
      const apply = make("button", { type: "button", class: "btn btn-sm mt-1", on: { click: () => {
        try { this.flow.nodes[name] = { ...JSON.parse(field.value), position: this.flow.nodes[name].position }; } catch { wrong.textContent = this.said.broken; return; }
        this.changed();
        this.choose(name);
      } } }, this.said.apply);
      return make("details", { class: "mt-2" }, make("summary", { class: "text-secondary small" }, this.said.whole), field, wrong, apply);
    }

    // -- the box ---------------------------------------------------------------------------------------

    listen() {
      this.root.querySelector(".flow-choose").addEventListener("change", (event) => { this.choose(event.target.value); this.draw(); });
      for (const button of this.root.querySelectorAll("[data-do]")) button.addEventListener("click", () => this.send(button.dataset.do));
      this.root.querySelector(".flow-try").addEventListener("submit", (event) => {
        event.preventDefault();
        this.send("try", Object.fromEntries(new FormData(event.target)));
      });
      const call = this.root.querySelector(".flow-call");
      if (call) call.addEventListener("submit", (event) => {
        event.preventDefault();
        this.send("call", Object.fromEntries(new FormData(event.target)));
      });
      window.addEventListener("beforeunload", (event) => { if (JSON.stringify(this.flow) !== this.stored) event.preventDefault(); });
    }

    async send(action, more = {}) {
      const text = JSON.stringify(this.flow);
      let answer;
      try {
        const got = await fetch(`${this.root.dataset.base}/${action}`, {
          method: "POST", headers: { "X-CSRF-Token": this.root.dataset.token },
          body: new URLSearchParams({ ...more, document: text, seen: this.seen }),
        });
        if (![200, 409, 422].includes(got.status)) throw new Error(String(got.status));
        answer = { status: got.status, ...await got.json() };
      } catch {
        this.words([this.said.lost], "danger");
        return;
      }
      if (answer.seen) this.seen = answer.seen;
      if (answer.problems) this.problems = answer.problems;
      if (answer.status === 200 && (action === "save" || action === "publish")) this.stored = text;
      this.way = action === "try" && answer.way ? answer.way : [];
      this.draw();
      this.choose(this.chosen);
      if (answer.call) this.words([answer.said, make("a", { href: `${this.root.dataset.base}?call=${answer.call}`, target: "_blank", rel: "noopener" }, this.said.way)], "success");
      else if (answer.said) this.words([answer.said], answer.status === 200 && answer.rung !== false ? "success" : "warning");
      else if (action === "try" && answer.status === 200) this.walked(answer);
      else this.tell(answer.problems || [], action === "save" && answer.status === 200);
    }

    walked(answer) {
      const list = this.root.querySelector(".flow-steps");
      list.replaceChildren(...answer.steps.map((each) => make("li", {}, each)), make("li", { class: "flow-end" }, `${this.said.comes} ${answer.end}`));
      this.words([`${this.said.comes} ${answer.end}`], "success");
    }

    tell(problems, stored = false) {
      if (!problems.length) { this.words([stored ? this.said.saved : this.said.fine], "success"); return; }
      const told = problems.map((each) => (each.node ? make("button", { type: "button", class: "btn btn-link p-0 text-start", on: { click: () => { this.choose(each.node); this.draw(); this.lf.focusOn({ id: each.node }); } } }, `${each.node}: ${each.text}`) : each.text));
      this.words(stored ? [this.said.saved, ...told] : told, "warning");
    }

    words(told, kind) {
      const box = this.root.querySelector(".flow-said");
      box.replaceChildren(make("div", { class: `alert alert-${kind} notice` }, make("div", {}, ...told.map((each) => make("div", {}, each)))));
    }
  }

  function short(text, most) { return text.length > most ? `${text.slice(0, most - 1)}…` : text; }
  function words(text) { return text.split(/[\s,，、]+/).filter(Boolean); }

  document.addEventListener("DOMContentLoaded", () => {
    const root = document.getElementById("flow");
    if (root) root.editor = new Editor(root);
  });
})();
