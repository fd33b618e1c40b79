// What the playground asks for: the fields as they were typed, what is wrong with them, and the request that they make.

/** What is typed at first. */
export const usual = {
  system: "", temperature: "", top_p: "", max_tokens: "", seed: "", reasoning_effort: "",
  tools: "", tool_choice: "auto", more: "", isStream: true,
};

/** Fields that are numbers: what they are called, and what they may be. */
export const NUMBERS = [
  ["temperature", "Temperature", /^\d+(\.\d+)?$/, "a number from 0, such as 0.7"],
  ["top_p", "Top p", /^(0(\.\d+)?|1(\.0+)?)$/, "a number from 0 to 1"],
  ["max_tokens", "Max tokens", /^[1-9]\d*$/, "a whole number above 0"],
  ["seed", "Seed", /^-?\d+$/, "a whole number"],
];

/** Efforts of models that think. */
export const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh"];

function parsed(text) {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { message: `This is not JSON: ${error.message}` };
  }
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** What is wrong with the tools, if anything. @param {string} text */
export function toolsFault(text) {
  if (text.trim() === "") return "";
  const { value, message } = parsed(text);
  if (message) return message;
  if (!Array.isArray(value)) return "Tools are a list: put [ ] around them.";
  const names = new Set();
  for (const [place, tool] of value.entries()) {
    const which = `Tool ${place + 1}`;
    if (!isObject(tool)) return `${which} is not an object such as {"type": "function", "function": {"name": "…"}}.`;
    if (typeof tool.type !== "string") return `${which} has no "type". That of a function is "function".`;
    if (tool.type !== "function") continue;
    const name = tool.function?.name;
    if (typeof name !== "string" || name === "") return `${which} has no name in "function".`;
    if (!/^[\w-]{1,64}$/.test(name)) return `The name ${JSON.stringify(name)} of ${which.toLowerCase()} may hold up to 64 letters, digits, _ and - only.`;
    if (names.has(name)) return `Two tools are called ${JSON.stringify(name)}.`;
    names.add(name);
    if (tool.function.parameters !== undefined && !isObject(tool.function.parameters)) return `The "parameters" of ${JSON.stringify(name)} are not an object with a JSON schema.`;
  }
  return "";
}

function moreFault(text) {
  if (text.trim() === "") return "";
  const { value, message } = parsed(text);
  if (message) return message;
  if (!isObject(value)) return "Further fields are an object: put { } around them.";
  const own = ["model", "messages", "stream", "tools"].find((name) => name in value);
  return own ? `The field ${JSON.stringify(own)} has a place of its own here.` : "";
}

/** What is wrong, by field. @param {typeof usual} settings @returns {Record<string, string>} */
export function faultsOf(settings) {
  const wrong = NUMBERS.filter(([name, , form]) => settings[name].trim() !== "" && !form.test(settings[name].trim()));
  const faults = Object.fromEntries(wrong.map(([name, , , words]) => [name, `Give ${words}, or leave it empty.`]));
  const [tools, more] = [toolsFault(settings.tools), moreFault(settings.more)];
  return { ...faults, ...(tools ? { tools } : {}), ...(more ? { more } : {}) };
}

/** A turn's content: text alone as text, with images as parts. */
export const contentOf = ({ text, images }) => (images.length === 0 ? text : [
  ...(text ? [{ type: "text", text }] : []),
  ...images.map(({ url }) => ({ type: "image_url", image_url: { url } })),
]);

/** What was said before, as one side saw it. An answer that never came is left out, and so is what it was to answer. */
export function messagesOf(turns, side, system) {
  const messages = system.trim() === "" ? [] : [{ role: "system", content: system }];
  for (const { user, answers } of turns) {
    const answer = answers[side];
    if (answer && !answer.text && answer.calls.length === 0 && answer.state !== "running") continue;
    if (user) messages.push({ role: "user", content: contentOf(user) });
    if (!answer || answer.state === "running") continue;
    const calls = answer.state === "done" ? answer.calls : [];
    messages.push({ role: "assistant", content: answer.text || (calls.length > 0 ? null : ""), ...(calls.length > 0 ? { tool_calls: calls.map(callOf) } : {}) });
    for (const call of calls) messages.push({ role: "tool", tool_call_id: call.id, content: call.result });
  }
  return messages;
}

const callOf = ({ id, name, arguments: text }) => ({ id, type: "function", function: { name, arguments: text } });

/** The body of a request, whose fields have no faults. */
export function bodyOf(settings, model, messages) {
  const number = ([name]) => (settings[name].trim() === "" ? [] : [[name, Number(settings[name])]]);
  const tools = settings.tools.trim() === "" ? [] : JSON.parse(settings.tools);
  return {
    model,
    messages,
    ...Object.fromEntries(NUMBERS.flatMap(number)),
    ...(settings.reasoning_effort ? { reasoning_effort: settings.reasoning_effort } : {}),
    ...(tools.length > 0 ? { tools } : {}),
    ...(tools.length > 0 && settings.tool_choice !== "auto" ? { tool_choice: settings.tool_choice } : {}),
    ...(settings.isStream ? { stream: true, stream_options: { include_usage: true } } : {}),
    ...(settings.more.trim() === "" ? {} : JSON.parse(settings.more)),
  };
}
