// Cuts GitHub's description of its API (13 MB) down to what loadgate asks for, so that a proxy reads it in a second.
// usage: node cut.mjs DESCRIPTION OUT
import fs from "node:fs";

const [, , from, to] = process.argv;
const all = JSON.parse(fs.readFileSync(from, "utf8"));
const repository = "/repos/{owner}/{repo}";
const wanted = [
  "/issues/{issue_number}/comments",
  "/issues/comments/{comment_id}",
  "/check-runs",
  "/check-runs/{check_run_id}",
  "/commits/{ref}/check-runs",
  "/statuses/{sha}",
].map((tail) => repository + tail);

const cut = { openapi: all.openapi, info: all.info, servers: [{ url: "/" }], paths: {}, components: {} };
for (const path of wanted) {
  if (!all.paths[path]) throw new Error(`GitHub does not describe ${path} any more`);
  cut.paths[path] = all.paths[path];
}

// Everything these refer to, and what that refers to.
const queue = [cut.paths];
const known = new Set();
while (queue.length > 0) {
  const node = queue.pop();
  if (node === null || typeof node !== "object") continue;
  for (const [key, value] of Object.entries(node)) {
    if (key === "$ref" && typeof value === "string" && !known.has(value)) {
      known.add(value);
      const [, , section, name] = value.split("/");
      (cut.components[section] ??= {})[name] = all.components[section][name];
      queue.push(all.components[section][name]);
    } else {
      queue.push(value);
    }
  }
}

// The description speaks of application/json only; GitHub takes, and asks for, its own name of it.
const rename = (node) => {
  if (node === null || typeof node !== "object") return;
  const content = node.content?.["application/json"];
  if (content) node.content["application/vnd.github+json"] = content;
  Object.values(node).forEach(rename);
};
rename(cut);
fs.writeFileSync(to, JSON.stringify(cut));
