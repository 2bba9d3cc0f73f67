// CONNECTIONS that stay for DURATION_MS; each sends RATE messages a second, or none.
import ws from "k6/ws";

export const options = {
  scenarios: { hold: { executor: "per-vu-iterations", vus: Number(__ENV.CONNECTIONS), iterations: 1, maxDuration: "10m" } },
};

export default function () {
  ws.connect(__ENV.URL, {}, (socket) => {
    socket.on("open", () => {
      if (Number(__ENV.RATE)) {
        socket.setInterval(() => socket.send("x"), 1000 / Number(__ENV.RATE));
      }
    });
    socket.on("message", () => {});
    socket.setTimeout(() => socket.close(), Number(__ENV.DURATION_MS));
  });
}
