// Sparklines of the last minutes: figures as they are, and the changes of totals between two looks.
const points = 240;
const box = document.getElementById("charts");
const charts = [
  chart("output, tokens/s", (now, before, seconds) => (now.generation_tokens - before.generation_tokens) / seconds),
  chart("prompts, tokens/s", (now, before, seconds) => (now.prompt_tokens - before.prompt_tokens) / seconds),
  chart("time to first token, ms", (now, before) => mean(now.ttft_sum - before.ttft_sum, now.ttft_count - before.ttft_count)),
  chart("between tokens, ms", (now, before) => mean(now.itl_sum - before.itl_sum, now.itl_count - before.itl_count)),
  chart("running", now => now.running),
  chart("waiting", now => now.waiting),
  chart("preemptions", now => now.preemptions),
  chart("prompt tokens found cached, %", now => now.prefix_queries ? 100 * now.prefix_hits / now.prefix_queries : 0),
];
let before = null;
let at = 0;

function mean(sum, number) {
  return number > 0 ? 1000 * sum / number : null; // null: nothing happened, the last value stays
}

function chart(title, value) {
  const element = document.createElement("div"), number = document.createElement("b"), name = document.createElement("span"), canvas = document.createElement("canvas");
  element.className = "chart";
  name.textContent = title;
  element.append(number, name, canvas);
  box.append(element);
  return { value, number, canvas, values: [] };
}

function draw({ canvas, values }) {
  const scale = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight, most = Math.max(...values, 1e-9);
  canvas.width = width * scale;
  canvas.height = height * scale;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  pen.strokeStyle = getComputedStyle(canvas).color;
  pen.beginPath();
  values.forEach((value, i) => pen.lineTo(width - (values.length - 1 - i) * width / (points - 1), height - 1 - value / most * (height - 2)));
  pen.stroke();
}

/** Adds a look's figures to every line. */
export function addFigures(now) {
  const time = performance.now();
  if (before) {
    const seconds = Math.max(1e-3, (time - at) / 1000);
    for (const line of charts) {
      const value = line.value(now, before, seconds) ?? line.values.at(-1) ?? 0;
      line.values.push(value);
      if (line.values.length > points) line.values.shift();
      line.number.textContent = value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
      draw(line);
    }
  }

  before = now;
  at = time;
}
