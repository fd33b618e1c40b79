// Reads an OpenAPI document: what a reference means, what a schema says in words, what a request looks like.

const METHODS = ["get", "post", "put", "patch", "delete"];

/** What a reference leads to; anything else is itself. */
export function resolve(doc, value) {
  if (!value?.$ref) return value;
  return value.$ref.slice(2).split("/").reduce((at, part) => at?.[part.replaceAll("~1", "/").replaceAll("~0", "~")], doc);
}

/** The operations of each group, in the document's order. */
export function groups(doc) {
  const operations = Object.entries(doc.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({ ...item[method], path, method, id: item[method].operationId })));
  return doc.tags.map((tag) => ({ ...tag, operations: operations.filter(({ tags }) => tags?.[0] === tag.name) }));
}

/** Whether an operation has all the words that somebody looks for. */
export function isFound({ path, method, summary, description, id }, text) {
  const all = `${method} ${path} ${summary} ${description ?? ""} ${id}`.toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => all.includes(word));
}

/** The fields of a schema, also of those that it puts together, with whether they are needed. */
export function fieldsOf(doc, schema) {
  const whole = resolve(doc, schema) ?? {};
  const own = Object.entries(whole.properties ?? {}).map(([name, of]) => ({ name, of, isNeeded: (whole.required ?? []).includes(name) }));
  const parts = [...(whole.allOf ?? []), ...(whole.anyOf ?? []), ...(whole.oneOf ?? [])];
  const inside = whole.items ?? (typeof whole.additionalProperties === "object" ? whole.additionalProperties : undefined);
  return [...own, ...parts.flatMap((part) => fieldsOf(doc, part)), ...(inside ? fieldsOf(doc, inside) : [])];
}

/** What a value of a schema is, in a few words. */
export function kindOf(doc, schema) {
  const whole = resolve(doc, schema) ?? {};
  const either = whole.anyOf ?? whole.oneOf;
  if (either) return [...new Set(either.map((each) => kindOf(doc, each)))].join(" or ");
  if (whole.enum) return whole.enum.map((each) => JSON.stringify(each)).join(", ");
  if (whole.const !== undefined) return JSON.stringify(whole.const);
  const types = [whole.type ?? (whole.allOf || whole.properties ? "object" : "anything")].flat();
  return types.map((type) => (type === "array" ? `list of ${kindOf(doc, whole.items ?? {})}` : type)).join(" or ");
}

/** Who may call, in words. */
export function accessOf(security) {
  const names = (security ?? []).map((each) => Object.keys(each)[0]);
  const isFree = names.includes(undefined);
  if (names.length === 0) return "Open to everybody.";
  if (names.includes("bearer") && names.includes("admin")) return "With an admin key or one made for it; open where the settings say so.";
  if (names.includes("bearer")) return "With a key, where the gateway has keys.";
  return isFree ? "With the admin key; without one, from the gateway's own machine." : "With the admin key.";
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** A command line that calls an operation. */
export function curlOf(doc, { path, method, security, requestBody, parameters }) {
  const url = location.origin + path.replaceAll(/\{(\w+)\}/g, (_, name) => name.toUpperCase());
  const needed = (parameters ?? []).map((each) => resolve(doc, each)).filter((each) => each.required && each.in === "query");
  const query = needed.map(({ name }) => `${name}=${name.toUpperCase()}`).join("&");
  const lines = [`curl ${quoted(query ? `${url}?${query}` : url)}`];
  const names = (security ?? []).flatMap(Object.keys);
  const key = names.includes("bearer") ? "$MODELPORT_API_KEY" : names.includes("admin") && "$MODELPORT_ADMIN_KEY";
  if (key) lines.push(`-H "Authorization: Bearer ${key}"`);
  const content = requestBody?.content ?? {};
  const form = content["multipart/form-data"]?.schema;
  if (form) {
    for (const { name, of } of fieldsOf(doc, form).filter(({ isNeeded }) => isNeeded)) lines.push(`-F ${name}=${of.contentMediaType ? "@FILE" : "TEXT"}`);
  } else if (content["application/json"]) {
    if (method !== "post") lines.push(`-X ${method.toUpperCase()}`);
    lines.push("-H 'content-type: application/json'", `-d ${quoted(JSON.stringify(content["application/json"].example ?? {}))}`);
  } else if (method !== "get") lines.push(`-X ${method.toUpperCase()}`);
  return lines.join(" \\\n  ");
}
