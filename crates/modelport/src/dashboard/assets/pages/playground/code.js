// The same request as lines to run elsewhere. A key is not among them: they take it from the environment.

const VARIABLE = "MODELPORT_KEY";

/** @param {"curl" | "python" | "node"} language @param {any} body @param {{ needsKey: boolean }} more */
export function codeOf(language, body, { needsKey }) {
  return { curl, python, node }[language](body, `${location.origin}/v1`, needsKey);
}

/** The body goes in by the standard input, since an image is longer than an argument may be. */
function curl(body, base, needsKey) {
  const key = needsKey ? `  -H "Authorization: Bearer $${VARIABLE}" \\\n` : "";
  return `curl -sS${body.stream ? "N" : ""} ${base}/chat/completions \\\n${key}  -H 'Content-Type: application/json' \\\n  --data-binary @- <<'JSON'\n${JSON.stringify(body, null, 2)}\nJSON`;
}

/** Python's words for what JSON has others for; its texts are Python's too. */
function literal(value, indent) {
  const inner = `${indent}    `;
  const lines = (open, items, close) => (items.length === 0 ? open + close : `${open}\n${items.map((item) => `${inner}${item},\n`).join("")}${indent}${close}`);
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return lines("[", value.map((each) => literal(each, inner)), "]");
  if (typeof value === "object") return lines("{", Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${literal(each, inner)}`), "}");
  return typeof value === "string" ? text(value) : JSON.stringify(value);
}

/** In ASCII; what is beyond 16 bits is one escape there, not two. */
const text = (value) => [...JSON.stringify(value)].map((sign) => {
  const code = sign.codePointAt(0);
  if (code < 0x7f) return sign;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}).join("");

/** Fields that OpenAI's library for Python knows; the others go in beside them. */
const KNOWN = ["model", "messages", "temperature", "top_p", "max_tokens", "seed", "reasoning_effort", "tools", "tool_choice", "stream", "stream_options",
  "response_format", "stop", "n", "user", "frequency_penalty", "presence_penalty", "logprobs", "top_logprobs", "logit_bias", "parallel_tool_calls", "max_completion_tokens"];

function python(body, base, needsKey) {
  const fields = Object.entries(body);
  const known = fields.filter(([name]) => KNOWN.includes(name)).map(([name, value]) => `    ${name}=${literal(value, "    ")},\n`);
  const others = fields.filter(([name]) => !KNOWN.includes(name));
  const more = others.length === 0 ? "" : `    extra_body=${literal(Object.fromEntries(others), "    ")},\n`;
  const show = body.stream
    ? 'for chunk in answer:\n    if chunk.choices and chunk.choices[0].delta.content:\n        print(chunk.choices[0].delta.content, end="", flush=True)\nprint()'
    : "print(answer.choices[0].message.content)";
  return `${needsKey ? "import os\n\n" : ""}from openai import OpenAI\n\nclient = OpenAI(base_url="${base}", api_key=${needsKey ? `os.environ["${VARIABLE}"]` : '"unused"'})\nanswer = client.chat.completions.create(\n${known.join("")}${more})\n${show}`;
}

function node(body, base, needsKey) {
  const show = body.stream
    ? 'for await (const chunk of answer) process.stdout.write(chunk.choices[0]?.delta?.content ?? "");\nconsole.log();'
    : "console.log(answer.choices[0].message.content);";
  return `import OpenAI from "openai";\n\nconst client = new OpenAI({ baseURL: "${base}", apiKey: ${needsKey ? `process.env.${VARIABLE}` : '"unused"'} });\nconst answer = await client.chat.completions.create(${JSON.stringify(body, null, 2)});\n${show}`;
}
