// The board's page: draws dashboards from their layout. It asks by the panel's number; queries are the server's.
const COLOURS = ["#5794f2", "#73bf69", "#f2cc0c", "#ff9830", "#f2495c", "#b877d9", "#37872d", "#8ab8ff", "#e0b400", "#fa6400"];
const NAMED = { green: "#3d9940", red: "#e02f44", orange: "#ff9830", blue: "#3274d9", "light-blue": "#8ab8ff", transparent: "#0000" };
const RANGES = { "now-5m": "5 minutes", "now-30m": "30 minutes", "now-3h": "3 hours", "now-24h": "24 hours", "now-7d": "7 days", "now-30d": "30 days" };
const REFRESH = { "": "off", "5s": "5 s", "10s": "10 s", "1m": "1 min", "5m": "5 min" };
const page = new URL(location), uid = page.pathname.split("/")[2];
const make = (tag, props = {}, ...inside) => { const one = Object.assign(document.createElement(tag), props); one.append(...inside); return one; };
const colour = (name) => (name === "text" ? getComputedStyle(document.body).color : NAMED[name] ?? name);
const inUtc = (seconds) => new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19);

async function ask(path) {
  const answer = await fetch(`/api/${path}?${page.searchParams}`);
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.remedy ? `${found.error}\nwhat to do: ${found.remedy}` : found.error);
  return found;
}

const SCALES = { bytes: [1024, ["B", "KiB", "MiB", "GiB", "TiB"]], Bps: [1000, ["B/s", "kB/s", "MB/s", "GB/s"]], short: [1000, ["", " k", " M", " G"]] };
const UNITS = { reqps: " req/s", cps: " lines/s", pps: " packets/s", cores: " cores", d: " days" };
function shown(value, unit) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number") return String(value);
  if (unit === undefined && Number.isInteger(value)) return String(value);
  if (unit === "percentunit") return `${+(value * 100).toFixed(1)} %`;
  if (unit === "s") {
    const [size, name] = [[86400, "days"], [3600, "h"], [60, "min"], [1, "s"], [0.001, "ms"]].find(([size]) => Math.abs(value) >= size) ?? [1, "s"];
    return `${+(value / size).toPrecision(3)} ${name}`;
  }
  const [factor, names] = SCALES[unit] ?? [1000, [UNITS[unit] ?? ""]];
  let power = 0, rest = value;
  while (Math.abs(rest) >= factor && power < names.length - 1) { rest /= factor; power += 1; }
  return `${+rest.toPrecision(4)}${names[power].trim() === names[power] && names[power] && SCALES[unit] ? " " : ""}${names[power]}`;
}

const property = (panel, name, id) => (panel.fieldConfig?.overrides ?? []).filter((one) => one.matcher.options === name)
  .flatMap((one) => one.properties).find((one) => one.id === id)?.value;
const steps = (panel) => panel.fieldConfig?.defaults.thresholds?.steps ?? [];

function drawNumber(panel, body, answers) {
  const value = answers[0].rows.at(-1)?.at(-1) ?? null;
  if (value === null) return false;
  const reached = steps(panel).filter((step) => step.value === null || value >= step.value).at(-1);
  const box = make("div", { className: "number", textContent: shown(value, panel.fieldConfig.defaults.unit) });
  box.style.color = colour(reached?.color ?? "text");
  body.replaceChildren(box);
  return true;
}

function drawTable(panel, body, answers) {
  const { columns, rows } = answers[0];
  if (!rows.length) return false;
  const { excludeByName = {}, renameByName = {} } = panel.transformations?.[0]?.options ?? {};
  const kept = columns.map((name, place) => ({ name, place })).filter(({ name }) => !excludeByName[name] && !property(panel, name, "custom.hidden"));
  const cell = ({ name, place }, row) => {
    const value = row[place], times = ["started", "ended", "at", "latest", "earliest", "expected"];
    const text = times.includes(name) && typeof value === "number" ? inUtc(value) : shown(value, property(panel, name, "unit"));
    const link = property(panel, name, "links")?.[0], box = make("td");
    const url = link?.url.replace(/\$\{__data\.fields\.(\w+)\}/g, (_, field) => encodeURIComponent(row[columns.indexOf(field)] ?? ""));
    box.append(link ? make("a", { href: url, title: link.title, textContent: text }) : text);
    const mapped = property(panel, name, "mappings")?.[0]?.options[value]?.color;
    if (mapped) box.style.color = colour(mapped);
    return box;
  };
  const head = make("tr", {}, ...kept.map(({ name }) => make("th", { textContent: (renameByName[name] ?? name).replaceAll("_", " ") })));
  body.replaceChildren(make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows.map((row) => make("tr", {}, ...kept.map((one) => cell(one, row)))))));
  return true;
}

function drawLogs(_panel, body, answers) {
  const { lines } = answers[0];
  const pod = (line) => line.labels["kubernetes.pod_name"] ?? "";
  body.replaceChildren(...lines.map((line) => make("div", { className: "log" }, make("span", { textContent: `${line.at.slice(0, 23).replace("T", " ")} ${pod(line)} ` }), line.text)));
  return lines.length > 0;
}

function marksOn(plot, marks) {
  const { ctx, bbox } = plot, ink = getComputedStyle(document.body).color;
  let free = 0;
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px sans-serif`;
  for (const mark of marks) {
    const [left, right] = [mark.time, mark.timeend].map((at) => Math.min(Math.max(plot.valToPos(at, "x", true), bbox.left), bbox.left + bbox.width));
    ctx.fillStyle = "#ff983040";
    ctx.fillRect(left, bbox.top, Math.max(right - left, 2), bbox.height);
    const { width } = ctx.measureText(mark.text), begin = Math.min(left, bbox.left + bbox.width - width);
    if (begin < free) continue;
    ctx.fillStyle = ink;
    ctx.fillText(mark.text, begin, bbox.top - 4);
    free = begin + width;
  }
  ctx.restore();
}

function levelsOn(plot, panel) {
  const { ctx, bbox } = plot, { min, max } = plot.scales.y;
  for (const step of steps(panel).filter((one) => one.value !== null && one.value > min && one.value < max && one.color !== "transparent")) {
    const y = plot.valToPos(step.value, "y", true);
    ctx.save(); ctx.strokeStyle = colour(step.color); ctx.setLineDash([6, 6]); ctx.beginPath();
    ctx.moveTo(bbox.left, y); ctx.lineTo(bbox.left + bbox.width, y); ctx.stroke(); ctx.restore();
  }
}

function drawGraph(panel, body, answers, marks, [from, to]) {
  const found = answers.flatMap((answer) => answer.series).filter((one) => one.points.length);
  if (!found.length) return false;
  const times = [...new Set(found.flatMap((one) => one.points.map(([at]) => at)))].sort((a, b) => a - b);
  const custom = panel.fieldConfig.defaults.custom ?? {}, bars = custom.drawStyle === "bars", dots = custom.drawStyle === "points";
  const values = found.map((one) => { const at = new Map(one.points); return times.map((time) => at.get(time) ?? null); });
  if (bars) values.forEach((row, place) => place && row.forEach((value, time) => { row[time] = (value ?? 0) + (values[place - 1][time] ?? 0); }));
  const { step } = answers[0], widest = step ? Math.max((body.clientWidth * step) / (to - from), 2) : 40;
  const series = found.map((one, place) => {
    const stroke = colour(property(panel, one.name, "color")?.fixedColor ?? COLOURS[place % COLOURS.length]);
    return {
      label: one.name, stroke, width: dots ? 0 : 1.25, spanGaps: false, fill: bars ? stroke : undefined,
      paths: bars ? uPlot.paths.bars({ size: [0.9, widest] }) : dots ? () => null : undefined, points: { show: dots || (!bars && one.points.length < 2), size: 6, fill: stroke },
      value: (_, value, index, at) => shown(value === null ? null : bars && index > 1 ? value - (values[index - 2][at] ?? 0) : value, panel.fieldConfig.defaults.unit),
    };
  });
  const order = bars ? found.map((_, place) => found.length - 1 - place) : found.map((_, place) => place);
  const bands = found.flatMap((one, place) => { const lower = found.findIndex((each) => each.name === property(panel, one.name, "custom.fillBelowTo")); return lower < 0 ? [] : [{ series: [place + 1, lower + 1], fill: `${series[place].stroke}40` }]; });
  const ink = getComputedStyle(document.body).color, grid = { stroke: "#8884", width: 1 };
  const drawn = bars ? [{}, ...order.map((place) => ({ ...series[place], value: (plot, value, _, at) => series[place].value(plot, value, place + 1, at) }))] : [{}, ...series];
  body.replaceChildren();
  new uPlot({
    width: body.clientWidth, padding: [null, 24, null, null], height: panel.gridPos.h * 34 - 78, tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "UTC"),
    series: [{ value: (_, at) => (at === null ? "" : inUtc(at)) }, ...drawn.slice(1)], bands, cursor: { sync: { key: "board" } },
    scales: { x: { range: () => [from, to] }, y: bars ? { range: (_, min, max) => [0, max * 1.1 || 1] } : {} },
    axes: [{ stroke: ink, grid, values: (_, ticks, __, ___, apart) => ticks.map((at) => (apart < 86400 ? inUtc(at).slice(11, apart < 60 ? 19 : 16) : inUtc(at).slice(5, 10))) }, { stroke: ink, grid, size: 88, values: (_, ticks) => ticks.map((tick) => shown(tick, panel.fieldConfig.defaults.unit)) }],
    hooks: { drawClear: [(plot) => marksOn(plot, marks)], draw: [(plot) => levelsOn(plot, panel)] },
  }, [times, ...order.map((place) => values[place])], body);
  return true;
}

const DRAW = { stat: drawNumber, table: drawTable, logs: drawLogs, timeseries: drawGraph };
const moment = (text) => { const found = /^now(?:([+-])(\d+)([smhdw]))?$/.exec(text); if (!found) return +text / 1000; const away = found[2] ? +found[2] * { s: 1, m: 60, h: 3600, d: 86400, w: 604800 }[found[3]] : 0; return Date.now() / 1000 + (found[1] === "+" ? away : -away); };

async function fill(panel, box, marks) {
  const body = box.querySelector(".body");
  try {
    const answers = await ask(`panel/${uid}/${panel.id}`);
    const span = [moment(page.searchParams.get("from")), moment(page.searchParams.get("to"))];
    const some = DRAW[panel.type](panel, body, answers, await marks, span);
    if (!some) body.replaceChildren(make("div", { className: "said", textContent: panel.fieldConfig?.defaults.noValue ?? "no data" }));
    box.dataset.state = some ? "ok" : "empty";
  } catch (error) {
    body.replaceChildren(make("div", { className: "said", textContent: error.message }));
    box.dataset.state = "error";
  }
}

function picker(name, said, options, chosen, change) {
  const select = make("select", { name, onchange: () => change(select.value) });
  select.append(...options.map(([text, value]) => make("option", { textContent: text, value, selected: value === chosen })));
  return make("label", {}, `${said} `, select);
}

function go(changes) {
  for (const [name, value] of Object.entries(changes)) page.searchParams.set(name, value);
  location.assign(page);
}

function controls(layout, variables) {
  const form = document.querySelector("form"), { from, to } = layout.time;
  form.onsubmit = (event) => event.preventDefault();
  form.append(...variables.map((one) => {
    if (one.typed) return make("label", {}, `${one.label} `, make("input", { name: `var-${one.name}`, value: one.chosen[0] ?? "", onchange: (event) => go({ [`var-${one.name}`]: event.target.value }) }));
    const options = one.multi ? [["All", "$__all"], ...one.options] : one.options;
    return picker(`var-${one.name}`, one.label, options, one.chosen[0], (value) => go({ [`var-${one.name}`]: value }));
  }));
  const now = `${page.searchParams.get("from")} ${page.searchParams.get("to")}`, known = { ...Object.fromEntries(Object.entries(RANGES).map(([begin, text]) => [`${begin} now`, text])), [`${from} ${to}`]: `${from} to ${to}` };
  if (!(now in known)) known[now] = now.split(" ").map((text) => inUtc(moment(text))).join(" to ");
  form.append(picker("range", "time (UTC)", Object.entries(known).map(([value, text]) => [text, value]), now, (value) => go({ from: value.split(" ")[0], to: value.split(" ")[1] })));
  form.append(picker("refresh", "refresh", Object.entries(REFRESH).map(([value, text]) => [text, value]), page.searchParams.get("refresh"), (value) => go({ refresh: value })));
  form.append(make("button", { type: "button", textContent: "dark or light", onclick: () => { localStorage.dark = document.documentElement.classList.toggle("dark") ? "1" : ""; location.reload(); } }));
}

async function start() {
  document.documentElement.classList.toggle("dark", localStorage.dark === undefined ? matchMedia("(prefers-color-scheme: dark)").matches : localStorage.dark === "1");
  const [layout, listing] = await Promise.all([ask(`layout/${uid}`), ask("dashboards")]);
  const preset = { from: layout.time.from, to: layout.time.to, refresh: layout.refresh ?? "" };
  for (const [name, value] of Object.entries(preset)) if (!page.searchParams.has(name)) page.searchParams.set(name, value);
  document.title = document.querySelector("h1").textContent = layout.title;
  document.querySelector("nav").append(...listing.map((one) => make("a", { href: `/d/${one.uid}`, textContent: one.title, ...(one.uid === uid ? { ariaCurrent: "page" } : {}) })));
  const boxes = layout.panels.map((panel) => {
    if (panel.type === "row") return make("h2", { textContent: panel.title });
    const box = make("section", {}, make("h3", { textContent: panel.title, title: panel.description }), make("div", { className: "body" }));
    Object.assign(box.dataset, { panel: panel.id, state: "loading" });
    Object.assign(box.style, { gridColumn: `span ${panel.gridPos.w}`, height: `${panel.gridPos.h * 34}px` });
    return box;
  });
  document.querySelector("main").append(...boxes);
  const variables = await ask(`variables/${uid}`);
  for (const one of variables) if (!page.searchParams.has(`var-${one.name}`)) for (const value of one.chosen) page.searchParams.append(`var-${one.name}`, value);
  controls(layout, variables);
  const refresh = async () => {
    const marks = ask(`marks/${uid}`).catch(() => []);
    await Promise.all(layout.panels.map((panel, place) => panel.type !== "row" && fill(panel, boxes[place], marks)));
    const every = page.searchParams.get("refresh");
    if (every) setTimeout(refresh, (moment("now") - moment(`now-${every}`)) * 1000);
  };
  await refresh();
}

start().catch((error) => document.querySelector("main").append(make("p", { className: "said", textContent: error.message })));
