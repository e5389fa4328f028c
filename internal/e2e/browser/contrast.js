// Text that is hard to read against what lies behind it: below 4.5 to 1, or 3 to 1 when it is large (WCAG 2.2, 1.4.3). One
// sentence for each pair of colours.
(() => {
  "use strict";
  // Colours that are still changing are taken as they will be.
  for (const change of document.getAnimations()) if (change.effect.getComputedTiming().iterations !== Infinity) change.finish();
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  const known = new Map();
  // pixel turns any CSS colour into [red, green, blue, alpha], 0 to 255 and 0 to 1.
  const pixel = (css) => {
    if (!known.has(css)) {
      brush.clearRect(0, 0, 1, 1);
      brush.fillStyle = css;
      brush.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
      known.set(css, [r, g, b, a / 255]);
    }
    return known.get(css);
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const luminance = (colour) => {
    const [r, g, b] = colour.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) {
      const style = getComputedStyle(e);
      if (style.backgroundImage !== "none") return null; // a picture: nobody can compute that
      const colour = pixel(style.backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reduceRight((below, top) => over(top, below), pixel(getComputedStyle(document.documentElement).colorScheme.startsWith("dark") ? "black" : "white"));
  };
  const faults = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    if (element.closest("script, style, option, .hidden-label, .skip, :disabled, [aria-disabled=true]")) continue;
    const style = getComputedStyle(element);
    const ground = behind(element);
    if (!ground) continue;
    let opacity = 1;
    for (let e = element; e; e = e.parentElement) opacity *= Number(getComputedStyle(e).opacity);
    const [r, g, b, a] = pixel(style.color);
    const colour = over([r, g, b, a * opacity], ground);
    const [light, dark] = [luminance(colour), luminance(ground)].sort((x, y) => y - x);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const need = size >= 24 || size >= 18.66 && Number(style.fontWeight) >= 700 ? 3 : 4.5;
    if (ratio < need) faults.add(`“${node.data.trim().slice(0, 40)}” has a contrast of ${ratio.toFixed(2)}, ${need} is needed: ${style.color} on rgb(${ground.slice(0, 3).map(Math.round)})`);
  }
  return [...faults];
})()
