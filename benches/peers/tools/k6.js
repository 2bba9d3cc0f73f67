// One GET, as fast as the answers allow with VUS users, or at RATE per second.
import http from "k6/http";

const closed = { executor: "constant-vus", vus: Number(__ENV.VUS || 1), duration: __ENV.DURATION };
const paced = {
  executor: "constant-arrival-rate",
  rate: Number(__ENV.RATE || 1),
  timeUnit: "1s",
  duration: __ENV.DURATION,
  preAllocatedVUs: Number(__ENV.VUS || 1),
  maxVUs: 3000,
};

export const options = {
  scenarios: { get: __ENV.RATE ? paced : closed },
  discardResponseBodies: true,
  insecureSkipTLSVerify: true,
  summaryTrendStats: ["p(50)", "p(90)", "p(95)", "p(99)", "p(99.9)", "max"],
};

export default function () {
  http.get(__ENV.URL);
}

export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data.metrics) };
}
