import http from 'k6/http';
const base = 'http://127.0.0.1:18711';
export const options = {
  scenarios: { shop: { executor: 'constant-arrival-rate', rate: 40, timeUnit: '1s', duration: '12s', preAllocatedVUs: 20 } },
  summaryTrendStats: ['count', 'min', 'med', 'p(90)', 'p(95)', 'p(99)', 'max'],
  thresholds: { 'http_req_duration{name:list-items}': ['max<60000'], 'http_req_duration{name:http://127.0.0.1:18711/search}': ['max<60000'] },
};
let n = 0;
export default function () {
  n += 1;
  http.get(`${base}/items?page=${n}`, { tags: { name: 'list-items' } });
  http.get(`${base}/search`);
  if (n % 10 === 0) {
    http.post(`${base}/orders`, 'x=1');
    http.get(`${base}/gone`);
    http.get(`${base}/broken`);
    http.get('http://127.0.0.1:18712/refused');
  }
}
