// The block pool as a map: a square a block, in the order of their ids.
const canvas = document.getElementById("blocks");
const tip = document.getElementById("tip");
const count = document.getElementById("count");
const names = ["free", "cached", "owned", "shared"];
let state = null;
let holders = new Map(); // block -> [[sequence, place in its table]]
let pointed = -1; // the block under the pointer
let columns = 1;
let side = 1;

function colours() {
  return names.map(name => getComputedStyle(document.querySelector(`#legend .${name}`), "::before").backgroundColor);
}

/** Far from the colours of cached and shared blocks. */
function hue(request) {
  return request * 67 % 120 + 80 + (request % 2) * 90;
}

/** Draws the pool; sequences of one request share a hue. */
export function drawBlocks(next) {
  state = next;
  holders = new Map();
  for (const sequence of state.sequences) {
    sequence.blocks.forEach((block, place) => {
      if (!holders.has(block)) holders.set(block, []);
      holders.get(block).push([sequence, place]);
    });
  }

  const blocks = state.blocks.length, width = canvas.parentElement.clientWidth, scale = window.devicePixelRatio || 1;
  side = Math.max(2, Math.min(14, Math.floor(Math.sqrt(width * 320 / blocks))));
  columns = Math.max(1, Math.floor(width / side));
  const height = Math.ceil(blocks / columns) * side;
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d"), fills = colours(), gap = side > 4 ? 1 : 0, totals = [0, 0, 0, 0];
  pen.scale(scale, scale);
  for (let block = 0; block < blocks; block++) {
    const kind = state.blocks.charCodeAt(block) - 48;
    totals[kind]++;
    pen.fillStyle = kind === 2 && holders.has(block) ? `hsl(${hue(holders.get(block)[0][0].request)} 45% 50%)` : fills[kind];
    pen.fillRect(block % columns * side, Math.floor(block / columns) * side, side - gap, side - gap);
  }

  count.textContent = `${blocks} blocks of ${state.block_size} tokens: ${names.map((name, kind) => `${totals[kind]} ${name}`).join(", ")}`;
  if (pointed >= 0 && pointed < blocks) tip.textContent = describe(pointed);
}

/** What is told of a block: its state, and which tokens of which sequences lie in it. */
export function describe(block) {
  const kind = names[state.blocks.charCodeAt(block) - 48];
  const held = (holders.get(block) ?? []).map(([sequence, place]) => {
    const first = place * state.block_size, last = Math.min(first + state.block_size, sequence.computed) - 1;
    const name = sequence.index === 0 ? `request ${sequence.request}` : `request ${sequence.request}.${sequence.index}`;
    return last < first ? `${name}, reserved` : `${name}, tokens ${first}–${last} of ${sequence.tokens}`;
  });
  return [`block ${block}: ${kind}`, ...held.slice(0, 6), ...(held.length > 6 ? [`and ${held.length - 6} more`] : [])].join("\n");
}

canvas.addEventListener("mousemove", event => {
  if (!state) return;
  const column = Math.floor(event.offsetX / side), block = Math.floor(event.offsetY / side) * columns + column;
  tip.hidden = column >= columns || block < 0 || block >= state.blocks.length;
  pointed = tip.hidden ? -1 : block;
  if (tip.hidden) return;
  tip.textContent = describe(block);
  tip.style.left = `${Math.min(event.offsetX + 12, canvas.clientWidth - tip.offsetWidth)}px`;
  tip.style.top = `${event.offsetY + 16}px`;
});
canvas.addEventListener("mouseleave", () => {
  tip.hidden = true;
  pointed = -1;
});
