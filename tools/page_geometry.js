// What is wrong with the geometry of the page as it stands: a list of sentences, empty for a page without a fault.
() => {
  const SLACK = 1.5; // pixels that rounding and anti-aliasing may move an edge by
  const wrong = [];
  const style = (element) => getComputedStyle(element);
  const name = (element) => {
    const own = element.getAttribute("class");
    const text = element.tagName.toLowerCase() + (own ? "." + own.trim().split(/\s+/).join(".") : "");
    const words = (element.textContent || element.getAttribute("alt") || "").trim().replace(/\s+/g, " ").slice(0, 30);
    return words ? `${text} "${words}"` : text;
  };
  const shown = (element) => element.checkVisibility() && element.getClientRects().length > 0;
  const elements = [...document.body.querySelectorAll("*")].filter((each) => !each.closest("svg svg, svg *") && shown(each));
  const box = (element) => element.getBoundingClientRect();
  const scrolls = (element) => ["auto", "scroll"].includes(style(element).overflowX);
  const floats = (element) => ["absolute", "fixed"].includes(style(element).position);
  const inside = (element, test) => {
    for (let up = element.parentElement; up && up !== document.body; up = up.parentElement) if (test(up)) return true;
    return false;
  };

  // The cells of a row share their top.
  for (const row of document.querySelectorAll("tr")) {
    const tops = [...row.cells].filter(shown).map((cell) => box(cell).top);
    if (tops.length && Math.max(...tops) - Math.min(...tops) > SLACK) wrong.push(`cells below each other in ${name(row)}`);
  }

  // Nothing is wider than the page, but for what scrolls sideways in a box of its own.
  const width = document.documentElement.clientWidth;
  const whole = document.documentElement.scrollWidth;
  if (whole > width) wrong.push(`the page is ${whole} pixels wide in a window of ${width}`);
  for (const element of elements) {
    const { left, right } = box(element);
    if ((right > width + SLACK || left < -SLACK) && !inside(element, scrolls)) {
      wrong.push(`${name(element)} reaches from ${Math.round(left)} to ${Math.round(right)} of ${width} pixels`);
    }
    const flows = style(element).overflowX === "visible" && style(element).display !== "inline";
    if (flows && element.scrollWidth > element.clientWidth + SLACK && element.clientWidth > 0) {
      const popups = [...element.querySelectorAll("*")].some((each) => floats(each) && shown(each));
      if (!popups) wrong.push(`the content of ${name(element)} is ${element.scrollWidth} wide in ${element.clientWidth}`);
    }
  }

  // No two siblings overlap.  Text that breaks is several boxes.
  const boxes = (element) => (style(element).display === "inline" ? [...element.getClientRects()] : [box(element)]);
  const meet = (a, b) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > SLACK &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > SLACK;
  for (const parent of [document.body, ...elements]) {
    if (parent.tagName === "svg") continue;
    const children = [...parent.children].filter((child) => shown(child) && !floats(child));
    const places = children.map(boxes);
    for (let first = 0; first < children.length; first++) {
      for (let second = first + 1; second < children.length; second++) {
        if (places[first].some((a) => places[second].some((b) => meet(a, b)))) {
          wrong.push(`${name(children[first])} and ${name(children[second])} overlap`);
        }
      }
    }
  }

  // Every picture and film has a size, its own shape, and something in it.
  for (const element of elements.filter((each) => ["IMG", "VIDEO", "svg"].includes(each.tagName))) {
    const { width: across, height: down } = box(element);
    if (across < 2 || down < 2) wrong.push(`${name(element)} is ${across} x ${down} pixels`);
    const own = { IMG: [element.naturalWidth, element.naturalHeight], VIDEO: [element.videoWidth, element.videoHeight] };
    const [wide, high] = own[element.tagName] || [1, 0];
    if (!wide) wrong.push(`${name(element)} is not loaded`);
    if (high && Math.abs((across / down) * (high / wide) - 1) > 0.03) {
      wrong.push(`${name(element)} is shown at ${across} x ${down}, its own shape is ${wide} x ${high}`);
    }
  }
  return wrong;
}
