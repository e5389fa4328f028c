// Whether the page fits into the window's width, and everything on it that can be pressed into the page. One sentence for
// each thing that does not.
(() => {
  "use strict";
  const faults = [];
  const root = document.documentElement;
  const show = (element) => element.cloneNode(false).outerHTML.slice(0, 160);
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.body.querySelectorAll("*")].filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > root.clientWidth + 1);
    const deepest = wide.filter((e) => !wide.some((other) => other !== e && e.contains(other)));
    faults.push(`the page is ${root.scrollWidth} pixels wide in a window of ${root.clientWidth}; too wide are ${deepest.slice(0, 3).map(show).join(", ")}`);
  }
  for (const element of document.querySelectorAll("main a[href], main button, main input:not([type=hidden]), main select, main textarea, main summary")) {
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.height === 0 || element.closest(".hidden-label")) continue;
    // What lies in something that scrolls sideways is reached by scrolling there.
    let scrolls = false;
    for (let e = element.parentElement; e; e = e.parentElement) scrolls ||= /auto|scroll/.test(getComputedStyle(e).overflowX) && e.scrollWidth > e.clientWidth;
    if (!scrolls && (box.left < -1 || box.right > root.clientWidth + 1)) faults.push(`it reaches out of the window: ${show(element)}`);
    if (box.height < 20 && !element.matches("a, input[type=radio], input[type=checkbox]")) faults.push(`it is ${Math.round(box.height)} pixels high, too low to be touched: ${show(element)}`);
  }
  return faults;
})()
