// A small shop: three endpoints, each of its own kind. WORK multiplies what /search does, 1 being the version as it is.
// Usage: node server.js PORT
"use strict";
const http = require("node:http");

const port = Number(process.argv[2]);
const work = Number(process.env.WORK || 1);
const items = Array.from({ length: 600 }, (_, id) => ({
  id,
  name: `tea ${id * 7919 % 600}`,
  price: (id * 104729 % 5000) / 100,
  tags: ["green", "black", "white", "herbal"].filter((_, n) => (id >> n) & 1),
}));

const routes = {
  "/health": () => ({ ok: true }),
  "/items": () => items.slice(0, 50),
  "/item": (query) => items[Number(query.get("id") || 0) % items.length],
  "/search": (query) => search(query.get("q") || "tea"),
};

// Filters and sorts the stock as often as the version has work for.
function search(text) {
  let found = [];
  const rounds = 20 * work;
  for (let round = 0; round < rounds; round++) {
    // The last round may be a part of one, so that a version can do 10 % more.
    const part = Math.min(1, rounds - round);
    found = items.slice(0, items.length * part).filter((item) => item.name.includes(text)).sort((a, b) => a.price - b.price || a.id - b.id);
  }
  return found.slice(0, 10);
}

http
  .createServer((request, response) => {
    const url = new URL(request.url, "http://shop");
    const route = routes[url.pathname];
    response.writeHead(route ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(route ? route(url.searchParams) : { error: "not found" }));
  })
  .listen(port, "127.0.0.1");
