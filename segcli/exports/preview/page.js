"use strict";
const { clipped_at: clippedAt, pictures, messages } = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const tabs = [...document.querySelectorAll('[role="tab"]')];
const schemes = [...document.querySelectorAll('input[name="scheme"]')];
let current = 0;
let wantedTab = "tab-frames";

function element(tag, text, className) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

/* A mail as a frame shows it: links go nowhere, and its colours follow the switch and not this computer. */
function framed(html, scheme) {
  const dark = scheme === "dark" ? "dark" : "light";
  const media = (query, wanted) => (wanted.toLowerCase() === dark ? "(min-width: 0px)" : "(max-width: 0px)");
  const inversion =
    "html{background:#fff;filter:invert(1) hue-rotate(180deg)}" +
    `${pictures ? "img" : 'img[src^="data:"]'}{filter:invert(1) hue-rotate(180deg)}`;
  const extra =
    `<base target="_blank"><style>:root{color-scheme:${dark}!important}` +
    `${scheme === "inverted" ? inversion : ""}</style>`;
  const shown = html
    .replace(/\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)/gi, media)
    .replace(/(\starget\s*=\s*["']?)_(?:self|parent|top)\b/gi, "$1_blank");
  // At the end of the head, so that no declaration of the mail's own comes after it and its doctype stays first.
  for (const where of [/(?=<\/head\s*>)/i, /(?=<body[\s>])/i, /(?<=<html(?:\s[^>]*)?>)/i, /(?<=<!doctype[^>]*>)/i]) {
    if (where.test(shown)) return shown.replace(where, () => extra);
  }
  return extra + shown;
}

/* Only into frames that are seen: Chromium may leave a page without a layout that came into a hidden one. */
function fill(id, html) {
  const frame = byId(id);
  if (frame.closest('[role="tabpanel"]').hidden || frame.srcdoc === html) return;
  frame.srcdoc = html;
}

function showFrames() {
  const message = messages[current];
  const scheme = schemes.find((each) => each.checked).value;
  document.body.dataset.scheme = scheme;
  const isMail = message.html !== null;
  byId("devices").hidden = !isMail;
  byId("bubble").hidden = isMail;
  byId("bubble").textContent = message.text;
  if (byId("pictures")) byId("pictures").hidden = !isMail;
  for (const id of ["desktop", "mobile"]) fill(id, isMail ? framed(message.html, scheme) : "");
  // Browsers invert no page.
  const page = message.landing === null ? "" : framed(message.landing, scheme === "dark" ? "dark" : "light");
  for (const id of ["landing-desktop", "landing-mobile"]) fill(id, page);
}

function showRows(id, rows, absent) {
  byId(id).querySelector("tbody").replaceChildren(
    ...rows.map(([name, value]) => {
      const row = document.createElement("tr");
      const head = element("th", name);
      head.scope = "row";
      head.dir = "auto";
      const cell = element("td", value ?? absent, value === null ? "none" : "");
      cell.dir = "auto";
      row.append(head, cell);
      return row;
    }),
  );
}

function linksOf(message) {
  if (message.html === null) {
    return (message.text.match(/https?:\/\/[^\s<>"']+/g) ?? []).map((address) => ["", address]);
  }
  // Parsed into a document of its own, where nothing is loaded and nothing runs.
  const parsed = new DOMParser().parseFromString(message.html, "text/html");
  return [...parsed.querySelectorAll("a[href]")].map((link) => {
    const words = link.textContent.trim() || link.querySelector("img[alt]")?.alt || "";
    return [words, link.getAttribute("href")];
  });
}

function showTab(wanted, focused) {
  const shown = tabs.filter((tab) => !tab.hidden);
  const chosen = shown.find((tab) => tab.id === wanted) ?? shown[0];
  for (const tab of tabs) {
    const on = tab === chosen;
    tab.setAttribute("aria-selected", String(on));
    tab.tabIndex = on ? 0 : -1;
    byId(tab.getAttribute("aria-controls")).hidden = !on;
  }
  if (focused) chosen?.focus();
  shrink();
  showFrames();
}

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

function factsOf(message) {
  const from = message.headers.find(([name]) => name.toLowerCase() === "from");
  const written = { sms: ["Segments", message.segments], list: ["Size", null] };
  return [
    ["From", from?.[1]],
    ["To", message.to],
    ["Customer", message.customer_id],
    ["Step", message.step],
    ["Variant", message.variant],
    ["Language", message.language],
    ["Chosen for", message.reason],
    written[message.channel] ?? ["Size", message.size ? kilobytes(message.size) : null],
    ["Encoding", message.encoding],
  ].filter(([, value]) => value !== null && value !== undefined && value !== "");
}

function warn(id, words) {
  byId(id).textContent = words ?? "";
  byId(id).hidden = !words;
}

function showMessage(index, focused) {
  const moved = index !== current;
  current = index;
  const message = messages[index];
  [...byId("list").querySelectorAll("button")].forEach((button, at) => {
    button.setAttribute("aria-current", String(at === index));
    if (at === index && focused) button.focus({ preventScroll: true });
    if (at === index && moved) button.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  const unnamed = { sms: "Text message", list: "Call list" }[message.channel];
  byId("subject").textContent = message.subject || unnamed || (message.failure ? "(not rendered)" : "(no subject)");
  const isCall = message.channel === "list";
  warn("kind", isCall && "Nothing is sent: this is a row of call_list.csv. Whoever calls fills in its last columns.");
  byId("preheader").textContent = message.preheader ?? "";
  byId("facts").replaceChildren(
    ...factsOf(message).map(([name, value]) => {
      const group = document.createElement("div");
      const shown = element("dd", value);
      shown.dir = "auto";
      group.append(element("dt", name), shown);
      return group;
    }),
  );
  warn("failure", message.failure && `This message would not be sent: ${message.failure}`);
  const large = message.size > clippedAt && message.channel === "email";
  warn("clipped", large && `${kilobytes(message.size)}: Gmail cuts a mail off at ${clippedAt / 1000} kB.`);
  byId("text").querySelector("pre").textContent = message.text;
  const links = linksOf(message);
  showRows("cells", message.cells, "empty");
  showRows("links", links);
  showRows("headers", message.headers);
  showRows("fields", message.fields, "missing");
  byId("tab-frames").hidden = message.html === null && (message.channel !== "sms" || message.text === "");
  byId("tab-cells").hidden = !isCall;
  byId("tab-landing").hidden = message.landing === null;
  byId("tab-text").hidden = message.text === "" || message.channel !== "email";
  byId("tab-links").hidden = links.length === 0;
  byId("tab-headers").hidden = message.headers.length === 0;
  byId("tab-fields").hidden = message.fields.length === 0;
  showTab(wantedTab, false);
}

function listItem(message, index) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  const more = [message.step, message.variant && `variant ${message.variant}`, message.language];
  if (message.channel !== "email") more.push({ sms: "SMS", list: "call list" }[message.channel]);
  const id = element("span", message.customer_id);
  id.dir = "auto";
  button.append(element("b", message.reason), id, element("span", more.filter(Boolean).join(" · ")));
  if (message.failure) button.append(element("span", "cannot be sent", "alarm"));
  button.addEventListener("click", () => showMessage(index, false));
  item.append(button);
  return item;
}

/* Up and down in the list, left and right in the tabs; Home and End in both. */
function target(event, keys, at, count) {
  const to = { [keys[0]]: at - 1, [keys[1]]: at + 1, Home: 0, End: count - 1 }[event.key];
  if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return null;
  event.preventDefault();
  return (to + count) % count;
}

/* On a page narrower than a device, the device is shown smaller, laid out as if it were not; where little is lacking,
   both are, so that they stand side by side. */
function shrink() {
  for (const devices of document.querySelectorAll(".devices")) {
    const room = devices.clientWidth;
    if (!room) continue;
    const each = [...devices.querySelectorAll(".device")];
    const widths = each.map((device) => Number(device.style.getPropertyValue("--width")));
    const besides = 20 * (each.length - 1) + 2 * each.length;  // the gap and the borders, which do not shrink
    const together = (room - besides) / widths.reduce((sum, width) => sum + width, 0);
    each.forEach((device, at) => {
      const alone = (room - 2) / widths[at];
      device.style.setProperty("--scale", Math.min(1, together > 0.75 ? together : alone));
    });
  }
}

if (messages.length) {
  byId("count").textContent = messages.length === 1 ? "1 message" : `${messages.length} messages`;
  byId("list").append(...messages.map(listItem));
  byId("list").addEventListener("keydown", (event) => {
    const buttons = [...byId("list").querySelectorAll("button")];
    const to = target(event, ["ArrowUp", "ArrowDown"], buttons.indexOf(document.activeElement), buttons.length);
    if (to !== null) showMessage(to, true);
  });
  byId("tabs").addEventListener("keydown", (event) => {
    const shown = tabs.filter((tab) => !tab.hidden);
    const to = target(event, ["ArrowLeft", "ArrowRight"], shown.indexOf(document.activeElement), shown.length);
    if (to !== null) showTab((wantedTab = shown[to].id), true);
  });
  for (const tab of tabs) tab.addEventListener("click", () => showTab((wantedTab = tab.id), true));
  for (const scheme of schemes) scheme.addEventListener("change", showFrames);
  byId("columns").hidden = false;
  showMessage(0, false);
  new ResizeObserver(shrink).observe(byId("columns"));
} else {
  byId("empty").hidden = false;
}
