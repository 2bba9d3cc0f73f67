// A fast HTTP/1.1 target with one thread that remembers when each request came and when it was answered.
//
//   target PORT fast                      answers at once
//   target PORT delay US                  answers each request US microseconds after it came
//   target PORT stall PERIOD_MS STALL_MS  answers nothing in [P/2, P/2 + S) of each period P, counted from the first request
//
//   GET /__reset              forgets everything seen so far
//   GET /__stats[?rate=R]     what it saw, as JSON; with a rate also `from_due_us` (see there)
//
// Build: cc -O2 -o target target.c      Linux only (epoll_pwait2, Linux 5.11).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef uint64_t u64;
typedef uint32_t u32;

enum { DESCRIPTORS_MAX = 70000, BUFFER_BYTES = 2048, EVENTS_MAX = 512, BACKLOG = 20000 };
#define REQUESTS_MAX 40000000u // remembered; memory is only touched as far as it is used
#define QUEUE_MAX (1u << 20)   // answers that wait for their moment
#define NS_PER_S 1000000000ull
#define NS_PER_MS 1000000ull

static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";

static struct connection {
    u32 generation; // tells a connection from an earlier one with the same descriptor
    u32 filled;
    char buffer[BUFFER_BYTES + 1];
} *connections[DESCRIPTORS_MAX];

static struct answer {
    int fd;
    u32 generation;
    u64 came, due;
} *queue; // a ring; answers fall due in the order in which they are put in
static u32 queue_head, queue_tail;

static u64 *came_at, *done_at; // of each request
static u32 requests;

static enum { FAST, DELAY, STALL } mode;
static u64 delay, period, stall, stall_clock_start;

static inline u64 now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static inline void put(int fd, const char *bytes, size_t length) {
    // A peer that is gone is found by the next read; answers are far smaller than a socket's buffer.
    if (write(fd, bytes, length) < 0) return;
}

static inline void remember(u64 came, u64 done) {
    if (requests == REQUESTS_MAX) return;
    came_at[requests] = came;
    done_at[requests++] = done;
}

// ---------------------------------------------------------------- what was seen

static int ascending(const void *a, const void *b) {
    u64 x = *(const u64 *)a, y = *(const u64 *)b;
    return (x > y) - (x < y);
}

static u64 *sorted(const u64 *values, u32 n) {
    u64 *copy = malloc(8ull * n + 8);
    if (!copy) exit(1);
    memcpy(copy, values, 8ull * n);
    qsort(copy, n, 8, ascending);
    return copy;
}

// The smallest value with at least the share `q` of all at or below it, in microseconds.
static double quantile_us(const u64 *sorted_ns, u32 n, double q) {
    if (n == 0) return 0;
    u32 rank = (u32)(q * n + 0.999999);
    return sorted_ns[rank > n ? n - 1 : rank ? rank - 1 : 0] / 1e3;
}

static int quantiles(char *out, size_t room, const char *name, u64 *values_ns, u32 n) {
    qsort(values_ns, n, 8, ascending);
    return snprintf(out, room, "\"%s\":{\"p50\":%.0f,\"p90\":%.0f,\"p95\":%.0f,\"p99\":%.0f,\"p999\":%.0f,\"max\":%.0f},", name,
                    quantile_us(values_ns, n, .5), quantile_us(values_ns, n, .9), quantile_us(values_ns, n, .95),
                    quantile_us(values_ns, n, .99), quantile_us(values_ns, n, .999), quantile_us(values_ns, n, 1));
}

// Variance over mean of the number of arrivals in bins of 10 ms: 0 = even, 1 = Poisson, far above 1 = bursts.
static double dispersion(const u64 *came, u32 n) {
    u32 bins = n ? (came[n - 1] - came[0]) / (10 * NS_PER_MS) : 0;
    if (bins < 2) return 0;
    u32 *count = calloc(bins, sizeof *count);
    if (!count) exit(1);
    double sum = 0, squares = 0;
    for (u32 i = 0; i < n; i++) {
        u64 bin = (came[i] - came[0]) / (10 * NS_PER_MS);
        if (bin < bins) count[bin]++;
    }
    for (u32 i = 0; i < bins; i++) sum += count[i], squares += (double)count[i] * count[i];
    free(count);
    double mean = sum / bins;
    return mean > 0 ? (squares / bins - mean * mean) / mean : 0;
}

static u32 most_in_1ms(const u64 *came, u32 n) {
    u32 most = 0, here = 0;
    u64 bin = 0;
    for (u32 i = 0; i < n; i++) {
        u64 mine = (came[i] - came[0]) / NS_PER_MS;
        here = mine == bin ? here + 1 : 1;
        bin = mine;
        if (here > most) most = here;
    }
    return most;
}

// What a client that counts from the moment each request was due should have measured, by this target's clock: the k-th
// answer belongs to the k-th request of an even grid that begins with the first arrival. Holds for a client that sends
// evenly and leaves nothing out, and charges it whatever kept a request back: this target, the network, or the client.
static int from_due(char *out, size_t room, const u64 *came, const u64 *done, u32 n, double rate) {
    u64 *latency = malloc(8ull * n + 8);
    if (!latency) exit(1);
    for (u32 k = 0; k < n; k++) {
        u64 due = came[0] + (u64)(k / rate * 1e9);
        latency[k] = done[k] > due ? done[k] - due : 0;
    }
    int length = quantiles(out, room, "from_due_us", latency, n);
    free(latency);
    return length;
}

static void tell_stats(int fd, double rate) {
    static char body[2048], out[2304];
    u32 n = requests;
    u64 *came = sorted(came_at, n), *done = sorted(done_at, n), *service = malloc(8ull * n + 8), *gap = malloc(8ull * n + 8);
    if (!service || !gap) exit(1);
    for (u32 i = 0; i < n; i++) service[i] = done_at[i] - came_at[i];
    for (u32 i = 1; i < n; i++) gap[i - 1] = came[i] - came[i - 1];
    double seconds = n > 1 ? (came[n - 1] - came[0]) / 1e9 : 0;
    size_t length = 0, room = sizeof body;
    length += snprintf(body, room, "{\"requests\":%u,\"seconds\":%.4f,\"rate\":%.2f,", n, seconds, seconds > 0 ? (n - 1) / seconds : 0);
    length += quantiles(body + length, room - length, "service_us", service, n);
    length += quantiles(body + length, room - length, "gap_us", gap, n ? n - 1 : 0);
    if (rate > 0 && n) length += from_due(body + length, room - length, came, done, n, rate);
    length += snprintf(body + length, room - length, "\"dispersion_10ms\":%.4f,\"most_in_1ms\":%u}\n", dispersion(came, n), most_in_1ms(came, n));
    free(came), free(done), free(service), free(gap);
    int all = snprintf(out, sizeof out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", length, body);
    put(fd, out, all);
}

// ---------------------------------------------------------------- what is answered

static u64 answer_due(u64 came) {
    if (mode == FAST) return came;
    if (mode == DELAY) return came + delay;
    if (!stall_clock_start) stall_clock_start = came;
    u64 phase = (came - stall_clock_start) % period, begin = period / 2;
    return phase >= begin && phase < begin + stall ? came + (begin + stall - phase) : came;
}

static void take_request(int fd, struct connection *c, u64 came) {
    u64 due = answer_due(came);
    if (due == came && queue_head == queue_tail) {
        put(fd, ANSWER, sizeof ANSWER - 1);
        remember(came, mode == FAST ? came : now()); // one look at the clock less where it would count most
    } else if (queue_tail - queue_head < QUEUE_MAX) {
        queue[queue_tail++ % QUEUE_MAX] = (struct answer){fd, c->generation, came, due};
    }
}

static void answer_due_ones(void) {
    u64 moment = queue_head == queue_tail ? 0 : now();
    for (; queue_head != queue_tail && queue[queue_head % QUEUE_MAX].due <= moment; queue_head++) {
        struct answer *a = &queue[queue_head % QUEUE_MAX];
        if (connections[a->fd]->generation == a->generation) put(a->fd, ANSWER, sizeof ANSWER - 1);
        remember(a->came, now());
    }
}

static void take_control(int fd, char *line) {
    double rate = 0;
    if (!strncmp(line, "GET /__stats", 12)) {
        if (sscanf(line, "GET /__stats?rate=%lf", &rate) != 1) rate = 0;
        tell_stats(fd, rate);
    } else {
        requests = 0, stall_clock_start = 0;
        put(fd, ANSWER, sizeof ANSWER - 1);
    }
}

// ---------------------------------------------------------------- connections

static void drop_connection(int fd) {
    connections[fd]->generation++;
    close(fd);
}

static void accept_all(int epoll, int listener) {
    int one = 1, fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= DESCRIPTORS_MAX || (!connections[fd] && !(connections[fd] = calloc(1, sizeof(struct connection))))) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        connections[fd]->generation++;
        connections[fd]->filled = 0;
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

static void read_requests(int fd) {
    struct connection *c = connections[fd];
    ssize_t got = read(fd, c->buffer + c->filled, BUFFER_BYTES - c->filled);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        drop_connection(fd);
        return;
    }
    u64 came = now();
    c->filled += got;
    char *begin = c->buffer, *end = c->buffer + c->filled, *blank;
    while ((blank = memmem(begin, end - begin, "\r\n\r\n", 4))) {
        if (!strncmp(begin, "GET /__", 7)) {
            *blank = 0;
            take_control(fd, begin);
        } else {
            take_request(fd, c, came);
        }
        begin = blank + 4;
    }
    c->filled = end - begin;
    if (c->filled && begin != c->buffer) memmove(c->buffer, begin, c->filled);
    if (c->filled == BUFFER_BYTES) drop_connection(fd);
}

static int listen_on(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(fd, (void *)&address, sizeof address) || listen(fd, BACKLOG)) {
        perror("target: can't listen");
        exit(1);
    }
    return fd;
}

static void serve(int listener) {
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[EVENTS_MAX];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        struct timespec left, *limit = NULL;
        if (queue_head != queue_tail) {
            u64 moment = now(), due = queue[queue_head % QUEUE_MAX].due, ns = due > moment ? due - moment : 0;
            left = (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
            limit = &left;
        }
        int ready = epoll_pwait2(epoll, events, EVENTS_MAX, limit, NULL);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd == listener) accept_all(epoll, listener);
            else read_requests(events[i].data.fd);
        }
        answer_due_ones();
    }
}

int main(int count, char **args) {
    if (count == 3 && !strcmp(args[2], "fast")) mode = FAST;
    else if (count == 4 && !strcmp(args[2], "delay")) mode = DELAY, delay = strtoull(args[3], NULL, 10) * 1000;
    else if (count == 5 && !strcmp(args[2], "stall")) {
        mode = STALL, period = strtoull(args[3], NULL, 10) * NS_PER_MS, stall = strtoull(args[4], NULL, 10) * NS_PER_MS;
    } else mode = STALL; // and without a period: refused below
    if (count < 3 || (mode == STALL && (!period || stall > period / 2))) {
        fputs("usage: target PORT fast | delay US | stall PERIOD_MS STALL_MS (at most half the period)\n", stderr);
        return 2;
    }
    prctl(PR_SET_TIMERSLACK, 1);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    queue = malloc(sizeof *queue * QUEUE_MAX);
    came_at = malloc(8ull * REQUESTS_MAX), done_at = malloc(8ull * REQUESTS_MAX);
    if (!queue || !came_at || !done_at) return perror("target"), 1;
    serve(listen_on(atoi(args[1])));
}
