// What is wrong with the page, one sentence each. It is evaluated in every page of the console, and in bad.html, which has
// each of these faults once. What it cannot see (the order of focus, whether words make sense) axe-core and people see.
(() => {
  "use strict";
  const faults = [];
  const fault = (what, element) => faults.push(element ? `${what}: ${show(element)}` : what);
  const show = (element) => element.cloneNode(false).outerHTML.slice(0, 160) + (element.textContent ? ` “${element.textContent.trim().replace(/\s+/g, " ").slice(0, 60)}”` : "");
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const seen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });

  // The document
  if (!document.documentElement.lang) fault("the page has no language");
  if (!document.title.trim()) fault("the page has no title");
  if (document.compatMode !== "CSS1Compat") fault("the page has no doctype");
  if (!document.querySelector('meta[name="viewport"]')) fault("the page has no viewport, so a phone shrinks it");
  if (/user-scalable=no|maximum-scale/.test(document.querySelector('meta[name="viewport"]')?.content)) fault("the page cannot be enlarged");

  // Landmarks and headings
  if (all("main").length !== 1) fault(`the page has ${all("main").length} main landmarks`);
  const headings = all("h1, h2, h3, h4, h5, h6").filter(seen);
  if (headings.filter((h) => h.matches("main h1")).length !== 1) fault(`the page has ${headings.filter((h) => h.matches("main h1")).length} headings of level 1`);
  let level = 0;
  for (const heading of headings.filter((h) => h.matches("main *"))) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) fault(`a heading of level ${next} follows one of level ${level}`, heading);
    if (!heading.textContent.trim()) fault("a heading is empty", heading);
    level = next;
  }
  const outside = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = outside.nextNode(); node; node = outside.nextNode()) {
    const holder = node.parentElement;
    if (node.data.trim() && !holder.closest("main, nav, header, footer, aside, .skip, script, style") && seen(holder)) fault("a text is in no landmark", holder);
  }
  const landmarks = all("nav, aside").map((l) => `${l.tagName} ${name(l)}`);
  for (const twice of landmarks.filter((l, i) => landmarks.indexOf(l) !== i)) fault(`two landmarks have the name ${twice}`);

  // Names
  function referred(element, attribute) {
    return (element.getAttribute(attribute) ?? "").split(/\s+/).filter(Boolean).map((id) => document.getElementById(id));
  }
  function name(element) {
    const labelled = referred(element, "aria-labelledby").map((e) => e?.textContent ?? "").join(" ").trim();
    if (labelled) return labelled;
    const label = (element.getAttribute("aria-label") ?? "").trim();
    if (label) return label;
    const labels = [...(element.labels ?? [])].map((l) => l.textContent).join(" ").trim();
    if (labels) return labels;
    if (element.matches("a, button, summary, h1, h2, h3, h4, h5, h6, th")) {
      const text = element.textContent.trim() || all("[aria-label], img[alt]", element).map((e) => e.getAttribute("aria-label") ?? e.alt).join(" ").trim();
      if (text) return text;
    }
    return "";
  }
  for (const element of all('a[href], button, summary, input:not([type="hidden"]), select, textarea, [role="switch"], [role="radiogroup"], [role="group"]')) {
    if (!name(element)) fault("it has no name", element);
  }
  for (const element of all("fieldset")) if (!element.querySelector(":scope > legend") && !name(element) && !element.querySelector("[role=radiogroup]")) fault("a group of fields has no name", element);
  for (const image of all("img")) if (!image.hasAttribute("alt")) fault("an image has no alternative", image);
  for (const drawing of all("svg")) if (drawing.getAttribute("aria-hidden") !== "true" && !name(drawing)) fault("a drawing is neither hidden nor named", drawing);
  for (const attribute of ["for", "aria-labelledby", "aria-describedby", "aria-controls", "popovertarget", "data-copy"]) {
    for (const element of all(`[${attribute}]`)) if (referred(element, attribute).some((e) => !e)) fault(`${attribute} names what is not there`, element);
  }
  const ids = all("[id]").map((e) => e.id);
  for (const id of ids.filter((id, i) => ids.indexOf(id) !== i)) fault(`the id ${id} is there twice`);
  for (const element of all("[autocomplete], input[type=password]")) if (element.type === "password" && !element.autocomplete) fault("a password field does not say which", element);

  // Structure
  for (const table of all("table")) {
    if (!table.querySelector("th[scope=col]")) fault("a table names no column", table);
    const columns = [...table.querySelectorAll("thead th")].reduce((n, th) => n + th.colSpan, 0);
    for (const row of all("tbody tr", table)) if ([...row.cells].reduce((n, cell) => n + cell.colSpan, 0) !== columns) fault("a row has other columns than its table", row);
  }
  for (const list of all("ul, ol")) for (const child of list.children) if (child.tagName !== "LI") fault("a list holds what is no entry", child);
  for (const item of all("dt, dd")) if (!item.closest("dl")) fault("a term is in no list of terms", item);
  for (const element of all("[tabindex]")) if (element.tabIndex > 0) fault("an order of focus is forced", element);
  for (const inner of all("a[href] a[href], a[href] button, button a[href], button button, form form")) fault("one control lies in another", inner);
  for (const form of all("form")) if (form.method === "get" && form.querySelector("input[type=password], input[type=file]")) fault("a secret goes into an address", form);

  for (const link of all("main a[href]").filter(seen)) {
    const beside = [...link.parentElement.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && /[\p{L}]{2}/u.test(n.data));
    if (beside && !getComputedStyle(link).textDecorationLine.includes("underline") && getComputedStyle(link).display === "inline") fault("a link in a text looks like the text but for its colour", link);
  }

  // What the policy forbids would not work
  for (const element of all("*")) {
    for (const attribute of element.attributes) if (attribute.name.startsWith("on") || attribute.name === "style") fault("it has a style or a handler inline", element);
    if (/^\s*javascript:/i.test(element.getAttribute("href") ?? "")) fault("a link is a script", element);
  }
  for (const element of all("script:not([src]), style")) fault("a script or a style is inline", element);
  for (const link of all("a[target=_blank]")) if (!/noopener/.test(link.rel)) fault("a link to a new window gives this one away", link);

  return faults;
})()
