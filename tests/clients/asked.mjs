// What every client's test asks: a tool that must be called, a form that the answer must have, and whether the server is idle again.
export const now = { name: "now", description: "The time.", parameters: { type: "object", properties: { zone: { enum: ["utc", "local"] } }, required: ["zone"], additionalProperties: false } };
export const form = { type: "object", properties: { answer: { enum: ["yes", "no"] } }, required: ["answer"], additionalProperties: false };
export const isForm = value => ["yes", "no"].includes(value.answer) && Object.keys(value).length === 1;
export const isCall = argument => ["utc", "local"].includes(argument.zone) && Object.keys(argument).length === 1;

export async function idle(baseURL) {
  for (let tries = 0; tries < 100; tries++) {
    const page = await (await fetch(new URL("/metrics", baseURL))).text();
    if (/^vllm:num_requests_running\{.*\} 0\.0$/m.test(page)) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error("a request runs on though its client has left");
}
