// The store's colour, and what can be read on it and beside it: 4.5 to 1 at least, in light and in dark.
const ENOUGH = 4.5;
const PAPER = { light: [255, 255, 255], dark: [29, 32, 34] };

const parse = (text) => /^#[0-9a-f]{6}$/i.test(text || "") && [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16));
const css = (color) => `rgb(${color.map(Math.round).join(",")})`;

function light(color) {
  const [r, g, b] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

// As it is, or as much nearer to black or white as it takes.
function legible(color, ground) {
  const towards = light(ground) > 0.2 ? 0 : 255;
  for (let part = 0; part <= 1; part += 0.05) {
    const mixed = color.map((value) => value + (towards - value) * part);
    if (contrast(mixed, ground) >= ENOUGH + 0.2) return mixed;
  }
  return [towards, towards, towards];
}

export function dress(text) {
  const color = parse(text) || [28, 87, 165];
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const set = (name, value) => document.documentElement.style.setProperty(name, css(value));
  const draw = () => {
    const white = [255, 255, 255];
    const ink = [18, 20, 22];
    set("--accent", color);
    set("--on-accent", contrast(color, white) >= contrast(color, ink) ? white : ink);
    set("--accent-ink", legible(color, dark.matches ? PAPER.dark : PAPER.light));
  };
  draw();
  if (dark.addEventListener) dark.addEventListener("change", draw);
}
